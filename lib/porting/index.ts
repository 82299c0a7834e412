/** `wsgi/porting`: proof of a port. */
export { type ReadOptions, readExchanges } from './archive/read.js';
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
