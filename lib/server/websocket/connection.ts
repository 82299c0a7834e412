/** An open WebSocket on a socket of the package `ws`: messages in, messages out, and how it ends. */
import { inspect } from 'node:util';
import { ignore } from '../../environ/maybe-promise.js';
import type { Bytes, Message } from '../../environ/types.js';
import {
  ALREADY_CLOSED,
  closedError,
  FrameTooLargeError,
  ProtocolError,
} from '../../environ/websocket/error.js';
import { type AsyncLink, CLOSE_CODE, type Door, type Ending } from '../../environ/websocket/link.js';
import type { Logger } from '../../logger.js';
import { type Member, type Publication, topics } from '../../topics.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import { frameFor } from './publication-frames.js';
import type { OpenSocket, SocketOwner, WsgiWebSocket } from './socket.js';

// | state  | what it means                                                 | next                                     |
// |--------|---------------------------------------------------------------|------------------------------------------|
// | OPEN   | messages go both ways                                         | HELD, CLOSED                             |
// | HELD   | the peer closed; the application may still answer what came   | CLOSED: it receives all, closes, ends,   |
// |        | before that (RFC 6455 section 5.5.1)                          | or CLOSE_GRACE is over                   |
// | CLOSED | nothing can be sent; what came before may still be received   |                                          |
//
// A server that stops leaves the state as it is, drops what was not received, and closes with 1001 (or 1012) when the
// application asks for the next message, or ends.
const OPEN = 0;
const HELD = 1;
const CLOSED = 2;

/** How long an application may go on with what it received before a close frame is answered, in milliseconds. */
export const CLOSE_GRACE = 5000;

const NO_REASON = Buffer.alloc(0);

/** The codes of `ws` that go with 1009. */
const TOO_LARGE = new Set(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH']);

/** What the gateway is told. */
export interface Owner {
  /** How the connection ends is known, or more of that: close code, reason or error. */
  ending?(): void;
  /** The connection is closed, both ways. Called once. */
  closed?(): void;
}

/** An upgrade request, as the gateway gives it to a `WebSocket`. */
export interface Handshake extends Owner, Door<AsyncLink> {}

export class WebSocketConnection implements AsyncLink, Member, SocketOwner {
  ending: Ending | undefined;
  ended = false;
  answering = 0;
  watcher: AsyncLink['watcher'];

  readonly #socket: WsgiWebSocket;
  readonly #owner: Owner;
  readonly #logger: Logger;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #maxBacklog: number;
  /** Topics that it has subscribed to. */
  #topics: Set<string> | undefined;
  #compressTopics = true;
  #state = OPEN;
  /** The close frame of the peer, while it is held. */
  #held: { code: number | undefined; reason: string; timer: NodeJS.Timeout } | undefined;
  /** The server stops: the close code that says so. */
  #goingAway: number | undefined = undefined;
  #disconnected = false;
  /** What `close()` waits for. */
  #whenGone: Promise<void> | undefined;
  #onGone: () => void = ignore;

  /** @param maxBacklog the most bytes of published messages that wait for the peer. */
  constructor({ socket, stream }: OpenSocket, owner: Owner, logger: Logger, maxBacklog: number) {
    this.#maxBacklog = maxBacklog;
    this.#socket = socket;
    this.#owner = owner;
    this.#logger = logger;
    this.#inbox = new Inbox(socket, socket.deflate);
    this.#outbox = new Outbox(socket, stream, socket.deflate !== undefined);
    socket.connection = this;
  }

  get closed(): boolean {
    return this.#state === CLOSED || this.#socket.readyState !== this.#socket.OPEN;
  }

  get pending(): boolean {
    return !this.#inbox.isEmpty;
  }

  get bufferedAmount(): number {
    return this.#disconnected ? 0 : this.#socket.bufferedAmount;
  }

  receive(timeout: number): Promise<Message | null> {
    this.#outbox.turn();
    const message = this.#inbox.take();
    if (message !== undefined) return Promise.resolve(message);
    this.answerClose();
    if (this.#state === OPEN) {
      if (this.#goingAway === undefined) return this.#inbox.wait(timeout);
      if (this.answering === 0 || this.ended) this.#closeGoingAway();
    }
    if (this.ended) return Promise.reject(closedError(ALREADY_CLOSED));
    this.ended = true;
    return Promise.resolve(null);
  }

  take(): Message | undefined {
    this.#outbox.turn();
    return this.#inbox.take();
  }

  send(message: string | Bytes, binary: boolean, compress: boolean): void | Promise<void> {
    return this.#outbox.send(message, binary, compress, !this.#inbox.isEmpty);
  }

  ping(data: Bytes): void | Promise<void> {
    return this.#outbox.ping(data);
  }

  subscribe(topic: string, compress: boolean): void {
    if (this.#state !== OPEN) return;
    this.#compressTopics = compress;
    this.#topics ??= new Set();
    this.#topics.add(topic);
    topics.join(topic, this);
  }

  unsubscribe(topic: string): void {
    if (this.#topics?.delete(topic)) topics.leave(topic, this);
  }

  publish(topic: string, message: string | Bytes): void | Promise<void> {
    return topics.publish(topic, message, this);
  }

  /** A message of a topic. */
  onPublication(publication: Publication): void {
    const socket = this.#socket;
    if (this.#state !== OPEN || socket.readyState !== socket.OPEN) return;
    const compress = this.#compressTopics;
    const most = this.#maxBacklog;
    const frame = frameFor(publication, socket.deflate, compress);
    if (this.#outbox.publish(frame, publication, compress, most)) return;
    this.#logger.warning(
      `A WebSocket that has subscribed to ${inspect(publication.topic)} reads too slowly: more than ` +
        `${most} bytes (max-backlog) wait for it, and it is closed with 1013`,
    );
    this.#close(CLOSE_CODE.tryLater, Buffer.from('Reads too slowly'));
  }

  /** Messages of topics were lost: on its next connection the peer can ask for what it has missed. */
  onMissed(): void {
    this.#close(CLOSE_CODE.tryLater, Buffer.from('Messages were lost'));
  }

  close(code: number, reason: Bytes): Promise<void> {
    this.#close(code === CLOSE_CODE.goingAway ? (this.#goingAway ?? code) : code, reason);
    if (this.#disconnected) return Promise.resolve();
    this.#whenGone ??= new Promise((resolve) => {
      this.#onGone = resolve;
    });
    return this.#whenGone;
  }

  #close(code: number, reason: Bytes): void {
    if (this.#state === CLOSED) return;
    this.#end();
    this.#stopReceiving();
    this.#outbox.release();
    if (code === CLOSE_CODE.none) this.#socket.close();
    else this.#socket.close(code, reason as Buffer);
  }

  finish(code: number): void {
    this.answerClose();
    this.#close(code === CLOSE_CODE.normal ? (this.#goingAway ?? code) : code, NO_REASON);
    this.#stopReceiving();
  }

  goAway(code: number): void {
    this.#inbox.drop();
    this.watcher?.over(true);
    // Where the peer closed before, that is how it ends.
    if (this.#state !== OPEN) return;
    this.#goingAway = code;
    // The handler is told the same in both cases.
    this.ending = { code: CLOSE_CODE.goingAway, reason: '', error: this.ending?.error };
    if (!this.#inbox.end()) return;
    this.ended = true;
    if (this.answering === 0) this.#closeGoingAway();
  }

  terminate(): void {
    this.#end();
    this.#stopReceiving();
    this.#socket.terminate();
  }

  /** A message came. */
  deliver(data: Buffer, isBinary: boolean): void {
    // After our own close it is of no use any more (RFC 6455 section 1.4).
    if (this.#state === CLOSED || this.#goingAway !== undefined) this.#inbox.skip();
    else this.#inbox.put(isBinary ? data : data.toString());
    this.watcher?.came();
  }

  /** The application may still answer what came before, for a while. */
  holdClose(code: number | undefined, reason: string | Buffer | undefined): boolean {
    if (this.#state !== OPEN) return this.#state === HELD;
    // Without a reason `ws` closes because of a fault, without a code it answers a frame that had none.
    const text = reason === undefined ? '' : reason.toString();
    const reported = reason === undefined && code !== undefined ? CLOSE_CODE.abnormal : code;
    this.#closedWith(reported ?? CLOSE_CODE.none, text);
    if (this.#inbox.isIdle) {
      this.#end();
      return false;
    }
    this.#state = HELD;
    this.#held = { code, reason: text, timer: setTimeout(graceOver, CLOSE_GRACE, this) };
    this.watcher?.over(false);
    return true;
  }

  /** Answers the close frame of the peer, if that is held. */
  answerClose(): void {
    if (this.#state !== HELD) return;
    const { code, reason } = this.#held ?? {};
    this.#end();
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  /** The peer broke the protocol, or a limit. */
  fail(error: Error & { code?: string }): void {
    const kind = TOO_LARGE.has(error.code ?? '') ? FrameTooLargeError : ProtocolError;
    const { code, reason, error: first } = this.ending ?? {};
    this.ending = { code, reason, error: first ?? new kind(error.message) };
    this.#owner.ending?.();
    this.#logger.debug(`A WebSocket failed: ${error.message}`);
  }

  /** The socket is closed. */
  socketClosed(code: number, reason: Buffer): void {
    this.#closedWith(code, reason.toString());
    this.#end();
    this.#outbox.end();
    this.#disconnected = true;
    this.#owner.closed?.();
    this.#onGone();
  }

  #closedWith(code: number, reason: string): void {
    // The handler was told of the stop before: that is why it ended.
    if (this.#goingAway !== undefined) return;
    this.ending = { code, reason, error: this.ending?.error };
    this.#owner.ending?.();
  }

  #closeGoingAway(): void {
    this.#end();
    this.#outbox.release();
    this.#socket.close(this.#goingAway);
  }

  /** Nothing can be sent any more; calls that wait for a message get null. */
  #end(): void {
    this.#state = CLOSED;
    for (const topic of this.#topics ?? []) topics.leave(topic, this);
    this.#topics = undefined;
    clearTimeout(this.#held?.timer);
    if (this.#inbox.end()) this.ended = true;
    this.watcher?.over(false);
  }

  /** The application wants no more messages. */
  #stopReceiving(): void {
    this.#inbox.drop();
    this.ended = true;
  }
}

function graceOver(connection: WebSocketConnection): void {
  connection.answerClose();
}
