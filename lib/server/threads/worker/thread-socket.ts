/** A thread's end of a WebSocket whose connection is in the I/O thread: turns calls into frames, and blocks for answers. */
import { textToNative } from '../../../environ/native-string.js';
import type { Bytes, HeaderList, Message } from '../../../environ/types.js';
import { ALREADY_CLOSED, closedError, SOCKET_DEAD } from '../../../environ/websocket/error.js';
import { type BlockingLink, CLOSE_CODE, type Door, type Ending } from '../../../environ/websocket/link.js';
import { openedStarted } from '../../../interpreter/application-faults.js';
import { checkHandshakeHeaders } from '../../../interpreter/response-head.js';
import type { Logger } from '../../../logger.js';
import type { HandshakeRequest } from '../../websocket/handshake.js';
import {
  COMPRESS,
  decodeError,
  encodeList,
  FROM_THREAD,
  MORE,
  OTHERS,
  TO_THREAD,
} from '../shared/messages.js';
import type { Frame } from '../shared/ring.js';
import type { ThreadPost } from './thread-post.js';

/** How a connection ends, as the I/O thread tells it. */
export interface EndingMessage {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  /** As `encodeError` has it, as text. */
  readonly error: string | undefined;
}

const SERVER_STOPS: Ending = { code: CLOSE_CODE.goingAway, reason: '', error: undefined };

const NEVER = Number.POSITIVE_INFINITY;

export class ThreadSocket implements Door<ThreadSocket>, BlockingLink {
  readonly version: number;
  readonly origin: string | undefined;
  readonly protocols: readonly string[];
  ended = false;
  readonly #post: ThreadPost;
  readonly #response: { readonly started: boolean };
  #received = 0;
  /** A message was asked for that has not come. */
  #asked = false;
  #ending: Ending | undefined;

  constructor(
    post: ThreadPost,
    { version, origin, protocols }: HandshakeRequest,
    response: { readonly started: boolean },
  ) {
    this.#post = post;
    this.#response = response;
    this.version = version;
    this.origin = origin;
    this.protocols = protocols;
  }

  get closed(): boolean {
    return this.ended || this.#post.socketClosed;
  }

  get ending(): Ending | undefined {
    if (this.#ending !== undefined) return this.#ending;
    const told = this.#post.ending;
    if (told !== undefined) return decodeEnding(told);
    return this.#post.goingAway ? SERVER_STOPS : undefined;
  }

  get bufferedAmount(): number {
    return this.#post.buffered();
  }

  accept(protocol: string | undefined, _logger: Logger, headers: HeaderList): this {
    if (this.#response.started) throw openedStarted();
    const own = checkHandshakeHeaders(headers);
    this.#post.send(FROM_THREAD.accept, 0, encodeList([protocol ?? '', ...own]));
    const answer = this.#post.receive();
    if (answer === undefined) throw closedError(SOCKET_DEAD);
    if (answer.type === TO_THREAD.error) throw decodeError(answer.bytes);
    return this;
  }

  receive(timeout: number): Message | null | undefined {
    // The server stops: messages that came are dropped, even those that are here.
    const isLast = this.#post.goingAway;
    if (isLast) this.#ask(NEVER);
    const end = performance.now() + timeout;
    const pieces: Buffer[] = [];
    for (;;) {
      const frame =
        this.#post.poll() ?? this.#wait(isLast || pieces.length > 0 ? NEVER : end - performance.now());
      if (frame === undefined && !this.#post.over) return undefined;
      if (frame === undefined || frame.type === TO_THREAD.ended) {
        this.ended = true;
        if (frame !== undefined) this.#ending = decodeEnding(frame.bytes);
        return null;
      }
      if (isLast) continue;
      pieces.push(frame.bytes);
      if ((frame.flags & MORE) !== 0) continue;
      this.#asked = false;
      this.#received++;
      const bytes = pieces.length === 1 ? frame.bytes : Buffer.concat(pieces);
      return frame.type === TO_THREAD.text ? bytes.toString() : bytes;
    }
  }

  send(message: string | Bytes, binary: boolean, compress: boolean): void {
    const bytes = typeof message === 'string' ? Buffer.from(message) : message;
    this.#post.sendMessage(binary ? FROM_THREAD.binary : FROM_THREAD.text, compress ? COMPRESS : 0, bytes);
    this.#post.notify();
    // It may have closed while this waited for room.
    if (this.#post.socketClosed) throw closedError(ALREADY_CLOSED);
  }

  ping(data: Bytes): void {
    this.#post.sendMessage(FROM_THREAD.ping, 0, data);
    this.#post.notify();
  }

  subscribe(topic: string, compress: boolean): void {
    this.#post.send(FROM_THREAD.join, compress ? COMPRESS : 0, textToNative(topic));
    this.#post.notify();
  }

  unsubscribe(topic: string): void {
    this.#post.send(FROM_THREAD.leave, 0, textToNative(topic));
    this.#post.notify();
  }

  publish(topic: string, message: string | Bytes): void {
    this.#post.publish(topic, message, OTHERS);
  }

  close(code: number, reason: Bytes): void {
    const first = !this.#post.closed;
    this.#post.closed = true;
    if (first) this.#post.send(FROM_THREAD.close, 0, String(code), reason);
    this.ended = true;
    this.#post.untilSocketClosed();
  }

  /** The thread tells that it is done: the I/O thread then closes. */
  finish(): void {
    this.ended = true;
  }

  #wait(timeout: number): Frame | undefined {
    if (!this.#asked) this.#ask(this.#received);
    return this.#post.receive(timeout);
  }

  /** @param had messages that are here: the I/O thread sends all that came after them; NEVER: only the end is wanted. */
  #ask(had: number): void {
    this.#post.send(FROM_THREAD.receive, 0, String(had));
    this.#asked = true;
  }
}

function decodeEnding(bytes: Buffer): Ending {
  const { code, reason, error } = JSON.parse(bytes.toString()) as EndingMessage;
  const failure = error === undefined ? undefined : decodeError(Buffer.from(error));
  return { code, reason, error: failure as Ending['error'] };
}
