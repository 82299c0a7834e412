/** The public names of `wsgi/middleware`: applications around applications, for any WSGI server. */
export type { Middleware } from './arguments.js';
export { type CascadeOptions, cascade } from './cascade.js';
export { dispatcher, type Mounts } from './dispatcher.js';
export { type ProxyFixOptions, type ProxyFixOriginals, proxyFix } from './proxy-fix.js';
export { type SharedDataExports, type SharedDataOptions, sharedData } from './shared-data.js';
