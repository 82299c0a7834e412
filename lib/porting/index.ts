/** `wsgi/porting`: proof of a port. */
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
export { type Recording, type RecordOptions, record } from './record/record.js';
export { Report } from './report/report.js';
export type { ReportOptions, Result, Verdict } from './report/result.js';
