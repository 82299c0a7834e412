/** The public names of `wsgi/porting`: proof of a port, and the way from the original to it. */
export { type Choice, choose, type Routes } from './mirror/choose.js';
export type { MirrorResult } from './mirror/copies.js';
export { forward } from './mirror/forward.js';
export type { ForwardOptions } from './mirror/forward-head.js';
export { type MirrorCandidate, mirror } from './mirror/mirror.js';
export type { MirrorOptions } from './mirror/mirror-options.js';
