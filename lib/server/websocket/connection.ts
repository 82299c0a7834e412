/** A WebSocket after its handshake: messages in, messages out, and how it ends. */
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket as WsSocket } from 'ws';
import type { Bytes } from '../../environ/types.js';
import {
  ALREADY_CLOSED,
  FrameTooLargeError,
  goneError,
  ProtocolError,
} from '../../environ/websocket/error.js';
import {
  type AsyncLink,
  CLOSE_CODE,
  type Door,
  type Ending,
  type Message,
} from '../../environ/websocket/link.js';
import type { Logger } from '../../logger.js';
import { Inbox, type Inflating } from './inbox.js';
import { Outbox } from './outbox.js';

/** What the handshake gives: a socket of the `ws` package, and the stream below it, which can be corked. */
export interface OpenSocket {
  readonly socket: WsSocket;
  readonly stream: Duplex;
}

/** On a socket of `ws`: the connection it belongs to. Saves a closure for each listener. */
export const CONNECTION = Symbol('wsgi.websocket.connection');

/** On a socket of `ws` that inflates messages: who counts what they hold. */
export const INFLATING = Symbol('wsgi.websocket.inflating');

export interface OwnedSocket extends WsSocket {
  [INFLATING]?: Inflating & { readonly faultCode: number | undefined };
  [CONNECTION]?: WebSocketConnection;
}

/** How long an application may go on with what it received before a close frame is answered, in milliseconds. */
export const CLOSE_GRACE = 5000;

/** `OPEN`, then perhaps `HELD`: the peer closed, the application still answers what came before; then `CLOSED`. */
const OPEN = 0;
const HELD = 1;
const CLOSED = 2;

/** What the gateway is told. */
export interface Owner {
  /** How the connection ends is known, or more of that: close code, reason or error. */
  ending?(): void;
  /** The connection is gone, both ways. Called once. */
  gone?(): void;
}

/** The gateway's side of the door. */
export interface Handshake extends Owner, Door<AsyncLink> {}

export class WebSocketConnection implements AsyncLink {
  ending: Ending | undefined;
  ended = false;
  answering = 0;

  readonly #socket: OwnedSocket;
  readonly #owner: Owner;
  readonly #logger: Logger;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  #state = OPEN;
  #answer: { code: number | undefined; reason: string; timer: NodeJS.Timeout } | undefined;
  /** The server stops: the connection is there for what was received, and for nothing more. */
  #goingAway = false;

  constructor({ socket, stream }: OpenSocket, owner: Owner, logger: Logger) {
    this.#socket = socket;
    this.#owner = owner;
    this.#logger = logger;
    this.#inbox = new Inbox(socket, this.#socket[INFLATING]);
    this.#outbox = new Outbox(socket, stream);
    this.#socket[CONNECTION] = this;
    socket.on('message', socketOnMessage);
    socket.on('error', socketOnError);
    socket.on('close', socketOnClose);
  }

  get closed(): boolean {
    return this.#state === CLOSED || this.#socket.readyState !== this.#socket.OPEN;
  }

  get pending(): boolean {
    return !this.#inbox.isEmpty;
  }

  receive(): Promise<Message | null> {
    this.#outbox.turn();
    const message = this.#inbox.take();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#state === HELD) this.#answerClose();
    if (this.#state === OPEN) {
      if (!this.#goingAway) return this.#inbox.wait();
      if (this.answering === 0 || this.ended) this.#sayGoingAway();
    }
    if (this.ended) return Promise.reject(goneError(ALREADY_CLOSED));
    this.ended = true;
    return Promise.resolve(null);
  }

  send(message: string | Bytes, binary: boolean, compress: boolean): void | Promise<void> {
    return this.#outbox.send(message, binary, compress, !this.#inbox.isEmpty);
  }

  close(code: number, reason: Bytes): void {
    if (this.#state === CLOSED) return;
    this.#end();
    this.#leave();
    this.#socket.close(code, reason as Buffer);
  }

  finish(code: number): void {
    if (this.#state === HELD) this.#answerClose();
    this.close(this.#goingAway && code === CLOSE_CODE.normal ? CLOSE_CODE.goingAway : code, NO_REASON);
    this.#leave();
  }

  /** The server stops. */
  goAway(): void {
    this.#inbox.drop();
    // Where the peer closed before, that is how it ends.
    if (this.#state !== OPEN) return;
    this.#goingAway = true;
    this.ending = { code: CLOSE_CODE.goingAway, reason: '', error: this.ending?.error };
    if (!this.#inbox.end()) return;
    this.ended = true;
    if (this.answering === 0) this.#sayGoingAway();
  }

  terminate(): void {
    this.#end();
    this.#leave();
    this.#socket.terminate();
  }

  /** A message came. */
  deliver(data: Buffer, isBinary: boolean): void {
    // After our own close nobody asks for it (RFC 6455 section 1.4).
    if (this.#state === CLOSED || this.#goingAway) {
      this.#inbox.pass();
      return;
    }
    this.#inbox.put(isBinary ? data : data.toString());
  }

  /**
   * `ws` is about to answer the peer's close frame, or to close for a fault of the peer. True holds that back: the
   * application may still answer what came before the close frame (RFC 6455 section 5.5.1), but not for ever.
   */
  holdClose(code: number | undefined, reason: string | Buffer | undefined): boolean {
    if (this.#state !== OPEN) return this.#state === HELD;
    // Without a reason `ws` closes for a fault, without a code it answers a frame that had none.
    const text = reason === undefined ? '' : reason.toString();
    this.#closedWith(
      code === undefined ? CLOSE_CODE.none : reason === undefined ? CLOSE_CODE.abnormal : code,
      text,
    );
    if (this.#inbox.isIdle) {
      this.#end();
      return false;
    }
    this.#state = HELD;
    this.#answer = { code, reason: text, timer: setTimeout(graceOver, CLOSE_GRACE, this) };
    return true;
  }

  /** The grace is over. */
  answerClose(): void {
    if (this.#state === HELD) this.#answerClose();
  }

  /** The peer broke the protocol, or a limit. */
  fail(error: Error & { code?: string }): void {
    const kind = TOO_LARGE.has(error.code ?? '') ? FrameTooLargeError : ProtocolError;
    const { code, reason, error: first } = this.ending ?? {};
    this.ending = { code, reason, error: first ?? new kind(error.message) };
    this.#owner.ending?.();
    this.#logger.debug(`A WebSocket failed: ${error.message}`);
  }

  /** The socket is gone. */
  gone(code: number, reason: Buffer): void {
    this.#closedWith(code, reason.toString());
    this.#end();
    this.#outbox.end();
    this.#owner.gone?.();
  }

  /** The handler was told of the stop before: that is why it ended. */
  #closedWith(code: number, reason: string): void {
    if (this.#goingAway) return;
    this.ending = { code, reason, error: this.ending?.error };
    this.#owner.ending?.();
  }

  #sayGoingAway(): void {
    this.#end();
    this.#socket.close(CLOSE_CODE.goingAway);
  }

  #answerClose(): void {
    const { code, reason } = this.#answer ?? {};
    this.#end();
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  /** Nothing can be sent any more; whoever waits for a message gets null. */
  #end(): void {
    this.#state = CLOSED;
    clearTimeout(this.#answer?.timer);
    if (this.#inbox.end()) this.ended = true;
  }

  /** The application is no longer interested. */
  #leave(): void {
    this.#inbox.drop();
    this.ended = true;
  }
}

const NO_REASON = Buffer.alloc(0);

/** The codes of `ws` that go with 1009. */
const TOO_LARGE = new Set(['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH']);

function socketOnMessage(this: OwnedSocket, data: RawData, isBinary: boolean): void {
  // A Buffer, for `binaryType` is left as it is. Its memory is the chunk that the kernel filled, never filled again.
  this[CONNECTION]?.deliver(data as Buffer, isBinary);
}

function socketOnError(this: OwnedSocket, error: Error): void {
  this[CONNECTION]?.fail(error);
}

function socketOnClose(this: OwnedSocket, code: number, reason: Buffer): void {
  this[CONNECTION]?.gone(code, reason);
}

function graceOver(connection: WebSocketConnection): void {
  connection.answerClose();
}
