/** `wsgi.websocket`: an open door that the first `accept()`, `receive()` or `send()` goes through. */
import { type Logger, logger } from '../../logger.js';
import { TooManyPending } from '../../unawaited.js';
import type { Bytes, Environ } from '../types.js';
import { checkClose, chooseProtocol, isBinaryMessage, notOpenYet } from './arguments.js';
import { type OpenSocket, type Owner, WebSocketConnection } from './connection.js';
import { ALREADY_CLOSED, goneError, type WebSocketError } from './error.js';
import { type Message, RECEIVE } from './inbox.js';

/** @internal It has types of the package `ws`, which applications need not install. */
export type { OpenSocket } from './connection.js';
export { FrameTooLargeError, ProtocolError, ReceiveTimeout, WebSocketError } from './error.js';
export type { Message } from './inbox.js';

/**
 * An upgrade request that was checked and not answered yet: what the gateway gives to a `WebSocket`.
 * @internal
 */
export interface Handshake extends Owner {
  /** 13, 8 or 7. */
  readonly version: number;
  readonly origin: string | undefined;
  /** As the client asked for them, in its order. */
  readonly protocols: readonly string[];
  /**
   * Answers 101 and returns the open socket.
   * @throws WebSocketError if the request was already answered, or the client is gone.
   */
  accept(protocol: string | undefined): OpenSocket;
}

/**
 * A WebSocket, as the application sees it. Until the door is open the application may refuse the handshake with an
 * ordinary `start_response('403 Forbidden', …)`.
 */
export class WebSocket implements AsyncIterable<Message> {
  readonly environ: Environ;
  /** The path that was asked for, as PATH_INFO. */
  readonly path: string;
  /** 13, 8 or 7. */
  readonly version: number;
  /** Sec-WebSocket-Origin of the old versions, or Origin. Only browsers send it. */
  readonly origin: string | undefined;
  /** The subprotocols that the client asked for, in its order. */
  readonly protocols: readonly string[];
  /** Set it before the door opens: the first of the client's protocols that is in it is the one answered. */
  supportedProtocols: readonly string[] = [];
  /** Whether `send` compresses, if the client can, and unless it is told. */
  doCompress = true;
  logger: Logger = logger;

  readonly #handshake: Handshake;
  #connection: WebSocketConnection | undefined;
  #protocol = '';
  /** The gateway is done with it. */
  #finished = false;

  /** @internal The gateway makes it. */
  static make(environ: Environ, handshake: Handshake): WebSocket {
    return new WebSocket(environ, handshake);
  }

  // Private, or the published types would offer one without arguments.
  private constructor(environ: Environ, handshake: Handshake) {
    this.environ = environ;
    this.path = environ.PATH_INFO;
    this.version = handshake.version;
    this.origin = handshake.origin;
    this.protocols = handshake.protocols;
    this.#handshake = handshake;
  }

  /** The handshake was answered. */
  get opened(): boolean {
    return this.#connection !== undefined;
  }

  /** Nothing more can be sent. Messages that arrived before may still be received. */
  get closed(): boolean {
    return this.#connection === undefined ? this.#finished : this.#connection.closed;
  }

  /** The subprotocol that was answered; empty if none was. */
  get protocol(): string {
    return this.#protocol;
  }

  /**
   * The peer's close code (RFC 6455 section 7.4): 1005 if it gave none, 1006 if it went without closing. 1001 from the
   * moment when the server begins to stop: while `closed` is still false, messages can be sent.
   */
  get closeCode(): number | undefined {
    return this.#connection?.closeCode;
  }

  get closeReason(): string | undefined {
    return this.#connection?.closeReason;
  }

  /** Why the connection failed, if it did: a `ProtocolError` or a `FrameTooLargeError`. */
  get error(): WebSocketError | undefined {
    return this.#connection?.error;
  }

  /**
   * Opens the door: answers 101. Does nothing once it is open.
   * @param protocol one of `protocols`; left out, `supportedProtocols` decides.
   */
  accept(protocol?: string | null): void {
    if (this.#connection === undefined) this.#open(protocol ?? undefined);
  }

  /**
   * The next message; null, once, when the peer closed or failed, or the server stops. Opens the door.
   *
   * A stop lets the message in work be answered: until the handler asks for the next one, or ends, the connection stays
   * as it is (up to `gracefulTimeout`). What the peer sent and was not received by then is dropped; the peer is told 1001.
   */
  receive(): Promise<Message | null> {
    try {
      return RECEIVE.mark((this.#connection ?? this.#open()).receive());
    } catch (error) {
      if (error instanceof TooManyPending) throw error;
      return Promise.reject(error);
    }
  }

  /**
   * Sends a message: text as a text frame, bytes as a binary one, unless `binary` says otherwise. Opens the door.
   * The bytes are not copied: leave them as they are.
   * @returns a promise if the peer is behind: await it before the next message.
   */
  send(
    message: string | Bytes,
    binary?: boolean | null,
    doCompress: boolean = this.doCompress,
  ): void | Promise<void> {
    const isBinary = isBinaryMessage(message, binary);
    return (this.#connection ?? this.#open()).send(message, isBinary, doCompress);
  }

  /** Closes the connection; what was not received yet is dropped. Does nothing if it is closed already. */
  close(code = 1000, message: string | Bytes = ''): void {
    const reason = checkClose(code, message);
    if (this.#connection !== undefined) this.#connection.close(code, reason);
    else if (this.#finished) return;
    else throw notOpenYet();
  }

  /** The messages, to the end of the connection. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return new MessageIterator(this);
  }

  /** @internal The server stops: no more messages, and 1001 for the peer once the one in work is answered. */
  goAway(): void {
    this.#connection?.goAway();
  }

  /**
   * A message is answered beside `receive()` from now on: 1; or no longer: -1. A stop leaves it the connection: the one
   * who receives has to close it, when `receive()` gave null and the last is answered.
   * @internal
   */
  answering(change: 1 | -1): void {
    if (this.#connection !== undefined) this.#connection.answering += change;
  }

  /**
   * The application is done: 1000 it returned, 1011 it threw. Calls that wait get null, later ones raise.
   * @internal
   */
  finish(code: number): void {
    this.#finished = true;
    this.#connection?.finish(code);
  }

  /**
   * Drops the connection without a word.
   * @internal
   */
  terminate(): void {
    this.#finished = true;
    this.#connection?.terminate();
  }

  /** @internal Messages came that were not received yet. */
  get pending(): boolean {
    return this.#connection?.pending === true;
  }

  /** @internal No message will come any more, and the null was given. */
  get ended(): boolean {
    return this.#connection === undefined ? this.#finished : this.#connection.ended;
  }

  #open(protocol?: string): WebSocketConnection {
    if (this.#finished) throw goneError(ALREADY_CLOSED);
    const chosen = chooseProtocol(this.protocols, this.supportedProtocols, protocol);
    const open = this.#handshake.accept(chosen);
    this.#protocol = chosen ?? '';
    this.#connection = new WebSocketConnection(open, this.#handshake, this.logger);
    return this.#connection;
  }
}

/** `for await`: ends with the connection, and leaves it open when the loop is left before that. */
class MessageIterator implements AsyncIterator<Message, undefined> {
  readonly #websocket: WebSocket;

  constructor(websocket: WebSocket) {
    this.#websocket = websocket;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    return this.#websocket.ended ? Promise.resolve(asResult(null)) : this.#websocket.receive().then(asResult);
  }
}

function asResult(message: Message | null): IteratorResult<Message, undefined> {
  return message === null ? { done: true, value: undefined } : { done: false, value: message };
}
