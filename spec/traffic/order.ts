/** What a request asks of the application: it travels in a header, `X-Order`. */
import type { Kind } from './content.js';

/** How the handler reads its body. All but the last two read to its end. */
export const READINGS = [
  'all',
  'sized',
  'arrived',
  'iterated',
  'lines',
  'limitedLines',
  'some',
  'nothing',
] as const;
export type Reading = (typeof READINGS)[number];

/** How it answers. `echo` sends the body back while it reads; the last two need a handler that may await. */
export const ANSWERS = ['list', 'blocks', 'generator', 'write', 'file', 'echo', 'handle', 'stream'] as const;
export type Answering = (typeof ANSWERS)[number];

/** What ends the thread: `exit` at once, `exitWithin` in the middle of the answer, `throw` soon, under any request. */
export const FAULTS = ['exit', 'exitWithin', 'throw', 'loop'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Order {
  readonly id: string;
  /** Bytes of the request body, and their SHA-1. */
  readonly sent: number;
  readonly sum: string;
  readonly kind: Kind;
  readonly reading: Reading;
  /** Bytes of one read, or one line. */
  readonly readSize: number;
  readonly answering: Answering;
  /** Bytes of the response body. */
  readonly size: number;
  /** Bytes of one block of it. */
  readonly blockSize: number;
  /** It is given a Content-Length. */
  readonly declared: boolean;
  /** The handler awaits; on the event loop one that reads has to. */
  readonly awaits: boolean;
  /** Milliseconds that it takes before it reads. */
  readonly delay: number;
  readonly fault?: Fault | undefined;
}

/** A WebSocket conversation. */
export interface Talk {
  readonly id: string;
  /** What the handler does: send back each message, or send messages of these sizes by itself. */
  readonly flood: readonly number[] | undefined;
  /** As many messages, and then it closes with `code`; undefined: it leaves that to the client. */
  readonly closesAfter: number | undefined;
  readonly code: number;
  readonly awaits: boolean;
  readonly fault?: 'exit' | undefined;
}

export const READ_ALL: ReadonlySet<Reading> = new Set(READINGS.slice(0, -2));

/** The id of what comes back. */
export function answerId(id: string): string {
  return `answer to ${id}`;
}

/** What a handler that reads `some` has read: `readSize` bytes, and the line that follows. */
export function someOf(body: Buffer, readSize: number): Buffer {
  const line = body.indexOf(10, readSize);
  return body.subarray(0, line === -1 ? body.length : line + 1);
}
