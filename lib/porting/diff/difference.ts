/** What two servers did with one request, and what of it differs: the words that comparing and reporting share. */
import type { Answer, Conversation } from '../exchange.js';
import type { Ignore } from './ignore.js';

/** What a server did with one request. */
export interface Observed {
  readonly answer?: Answer | undefined;
  readonly conversation?: Conversation | undefined;
  /** Why there is no answer: 'ECONNRESET', 'timed out after 30 s' … */
  readonly failure?: string | undefined;
  /**
   * The URL that was requested, with the host that the server was told: `http://127.0.0.1:8000/login`. A Location or a
   * link to that host then counts as one without a host. Undefined: hosts are compared as they are.
   */
  readonly url?: string | undefined;
}

export type Kind =
  | 'failure'
  | 'status'
  | 'reason'
  | 'header'
  | 'cookie'
  | 'redirect'
  | 'body'
  | 'charset'
  | 'websocket'
  | 'stream'
  | 'cut'
  | 'wire';

/** One thing that differs. */
export interface Difference {
  readonly kind: Kind;
  /**
   * The place, named so that the same difference in another exchange has the same `where`: a header's name, a JSON
   * pointer, a path in HTML, the number of a line or of a message. '' is the whole.
   */
  readonly where: string;
  /** Long values are shortened to what differs and some characters around it; undefined for what is not there. */
  readonly original: string | undefined;
  readonly candidate: string | undefined;
}

export interface DiffOptions {
  /** Hop-by-hop fields, framing and version too. */
  readonly wire: boolean;
  readonly ignore: Ignore;
}
