/** What `wsgi.websocket` talks through, whatever carries the messages; and what an application may send over it (RFC 6455). */
import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import type { Logger } from '../../logger.js';
import type { Bytes, HeaderList, Message } from '../types.js';
import { ProtocolError, WebSocketError } from './error.js';

/** The close codes that we send or report (RFC 6455 section 7.4.1, and the registry). */
export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  /** Only reported: the peer's close frame had no code. */
  none: 1005,
  /** Only reported: there was no close frame. */
  abnormal: 1006,
  invalidData: 1007,
  tooBig: 1009,
  internalError: 1011,
  serviceRestart: 1012,
  tryLater: 1013,
} as const;

/** Those that an endpoint may send (RFC 6455 section 7.4; 1012 to 1014 were registered later). */
const SENDABLE = [
  [1000, 1003],
  [1007, 1014],
  [3000, 4999],
] as const;

/** RFC 6455 section 5.5: what a control frame holds; a close frame begins with the two bytes of its code. */
const MAX_CONTROL = 125;
const MAX_REASON = MAX_CONTROL - 2;

/** One for all sockets that ask for none, or have none. */
export const NO_PROTOCOLS: readonly string[] = [];

/** An upgrade request that was checked and not answered yet. */
export interface Door<L> {
  /** 13, 8 or 7. */
  readonly version: number;
  readonly origin: string | undefined;
  /** As the client asked for them, in its order. */
  readonly protocols: readonly string[];
  /**
   * Answers 101.
   * @param logger for what happens on the link.
   * @param headers of the application, as it gave them.
   * @throws WebSocketError if the request was already answered, or the client has disconnected; ApplicationError for
   *   headers that no 101 may have.
   */
  accept(protocol: string | undefined, logger: Logger, headers: HeaderList): L;
}

/** How a connection ends, as far as it is known: code and reason of the peer, or why it failed. */
export interface Ending {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly error: WebSocketError | undefined;
}

/** An open WebSocket, as its gateway offers it. `Sent` is what a message gives, `Closed` what a close does. */
export interface Link<Sent, Closed> {
  /** Nothing more can be sent. */
  readonly closed: boolean;
  /** No more messages will come, and the application was told so. */
  readonly ended: boolean;
  readonly ending: Ending | undefined;
  /** Bytes that were sent, and that the kernel has not taken yet. */
  readonly bufferedAmount: number;
  send(message: string | Bytes, binary: boolean, compress: boolean): Sent;
  ping(data: Bytes): Sent;
  /** @param compress what is published, if the peer can. */
  subscribe(topic: string, compress: boolean): void;
  unsubscribe(topic: string): void;
  /** To all members but this one. */
  publish(topic: string, message: string | Bytes): Sent;
  /** The application closes, unless the link is closed. It is done when the connection is closed, both ways. */
  close(code: number, reason: Bytes): Closed;
  /** The application has returned (1000) or thrown (1011). */
  finish(code: number): void;
}

/** Is told what there is for an application that takes messages as they come, and does not wait for them in `receive`. */
export interface Watcher {
  /** A message may have come. */
  came(): void;
  /** No more will come, or nothing can be sent any more: `receive` and `closed` say more. @param dropped what came is not to be received. */
  over(dropped: boolean): void;
}

/** On the event loop. */
export interface AsyncLink extends Link<void | Promise<void>, Promise<void>> {
  /** Messages arrived that were not received yet. */
  readonly pending: boolean;
  /** Messages that are answered while the application waits for the next one. */
  answering: number;
  watcher: Watcher | undefined;
  /** The next message, if it has come. */
  take(): Message | undefined;
  /** @param timeout milliseconds. Rejects with a ReceiveTimeout; the message that comes after that is the next one's. */
  receive(timeout: number): Promise<Message | null>;
  /** The server stops. @param code for the peer: 1001, or 1012 where another process serves on. */
  goAway(code: number): void;
  /** Drops the connection without a close frame. */
  terminate(): void;
}

/** In a worker thread: every call blocks. */
export interface BlockingLink extends Link<void, void> {
  /** The next message; null when no more will come; undefined if none came within `timeout` milliseconds. */
  receive(timeout: number): Message | null | undefined;
}

/**
 * Whether a message goes out as a binary frame.
 * @throws TypeError for what is neither text nor bytes, or bytes in a text frame that are not UTF-8.
 */
export function isBinaryMessage(message: string | Bytes, binary: boolean | null | undefined): boolean {
  const isText = typeof message === 'string';
  if (!isText && !isUint8Array(message)) {
    throw new TypeError(`send() takes text or bytes, not ${inspect(message, { depth: 0 })}`);
  }
  if (binary === false && !isText && !isUtf8(message)) {
    throw new TypeError('send() got bytes for a text frame that are not UTF-8');
  }
  return binary ?? !isText;
}

/**
 * The bytes of a close reason (RFC 6455 section 7.4).
 * @throws ProtocolError for a code that no endpoint may send, or a reason that is too long.
 */
export function checkClose(code: number, message: string | Bytes): Bytes {
  if (!Number.isInteger(code) || !SENDABLE.some(([first, last]) => code >= first && code <= last)) {
    throw new ProtocolError(`${inspect(code)} is not a close code: use 1000-1003, 1007-1014 or 3000-4999`);
  }
  const reason = typeof message === 'string' ? Buffer.from(message) : message;
  if (!isUint8Array(reason)) {
    throw new TypeError(`close() takes a reason of text or bytes, not ${inspect(reason, { depth: 0 })}`);
  }
  if (!isUtf8(reason)) throw new TypeError('close() got a reason that is not UTF-8');
  if (reason.length > MAX_REASON) {
    throw new ProtocolError(`A close reason has at most ${MAX_REASON} bytes, not ${reason.length}`);
  }
  return reason;
}

/**
 * The bytes of a ping (RFC 6455 section 5.5.2).
 * @throws ProtocolError for more than a control frame holds.
 */
export function checkPing(data: string | Bytes): Bytes {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (!isUint8Array(bytes)) {
    throw new TypeError(`ping() takes text or bytes, not ${inspect(data, { depth: 0 })}`);
  }
  if (bytes.length <= MAX_CONTROL) return bytes;
  throw new ProtocolError(`A ping has at most ${MAX_CONTROL} bytes, not ${bytes.length}`);
}

/**
 * Milliseconds that `receive()` waits.
 * @param timeout seconds; left out or null: as long as it takes.
 * @throws RangeError
 */
export function checkTimeout(timeout: number | null | undefined): number {
  const seconds = timeout ?? Number.POSITIVE_INFINITY;
  if (seconds >= 0) return seconds * 1000;
  throw new RangeError(`receive() takes a timeout in seconds, not ${timeout}`);
}

/**
 * The subprotocol to answer: `wanted`, or the first that the client asked for and is supported.
 * @throws WebSocketError for one that the client did not ask for.
 */
export function chooseProtocol(
  asked: readonly string[],
  supported: readonly string[],
  wanted: string | undefined,
): string | undefined {
  const chosen = wanted ?? asked.find((name) => supported.includes(name));
  if (chosen !== undefined && !asked.includes(chosen)) {
    throw new WebSocketError(
      `The client did not ask for the protocol ${inspect(chosen)}, but for ${inspect(asked)}`,
    );
  }
  return chosen;
}
