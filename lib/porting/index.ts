/** `wsgi/porting`: proof of a port, and the way from the original to it. */
export { type ReadOptions, readExchanges } from './archive/read.js';
export { type CompareOptions, compare } from './compare/compare.js';
export { type Counts, exitCodeOf } from './compare/comparison.js';
export type { RunningServer } from './compare/target/start-server.js';
export type { Target } from './compare/target/target.js';
export type { Difference, Observed } from './diff/difference.js';
export type {
  Answer,
  Conversation,
  Exchange,
  Fields,
  Message,
  RecordedRequest,
  StoredBody,
} from './exchange.js';
export { type Choice, choose, type Routes } from './mirror/choose.js';
export type { MirrorResult } from './mirror/copies.js';
export { forward } from './mirror/forward.js';
export type { ForwardOptions } from './mirror/forward-head.js';
export { type MirrorCandidate, mirror } from './mirror/mirror.js';
export type { MirrorOptions } from './mirror/mirror-options.js';
export { type Recording, type RecordOptions, record } from './record/record.js';
export { Report } from './report/report.js';
export type { ReportOptions, Result, Verdict } from './report/result.js';
