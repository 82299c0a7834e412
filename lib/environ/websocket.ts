/** `wsgi.websocket`: an open door that the first `accept()`, `receive()` or `send()` goes through. */
import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { type Logger, logger } from '../logger.js';
import type { Bytes, Environ } from './types.js';
import { type OpenSocket, WebSocketConnection } from './websocket-connection.js';
import { ALREADY_CLOSED, goneError, ProtocolError, WebSocketError } from './websocket-error.js';
import type { Message } from './websocket-inbox.js';

/** @internal It has types of the package `ws`, which applications need not install. */
export type { OpenSocket } from './websocket-connection.js';
export { FrameTooLargeError, ProtocolError, WebSocketError } from './websocket-error.js';
export type { Message } from './websocket-inbox.js';

/**
 * An upgrade request that was checked and not answered yet: what the gateway gives to a `WebSocket`.
 * @internal
 */
export interface Handshake {
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
  /** The connection is gone, both ways. Called once, and only after `accept`. */
  gone?(): void;
}

/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of them are the code. */
const MAX_REASON = 123;

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
  constructor(environ: Environ, handshake: Handshake) {
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

  /** The peer's close code (RFC 6455 section 7.4): 1005 if it gave none, 1006 if it went without closing. */
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

  /** The next message; null, once, when the peer closed or failed. Opens the door. */
  receive(): Promise<Message | null> {
    try {
      return (this.#connection ?? this.#open()).receive();
    } catch (error) {
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
    const isText = typeof message === 'string';
    if (!isText && !(message instanceof Uint8Array)) {
      throw new TypeError(`send() takes text or bytes, not ${inspect(message, { depth: 0 })}`);
    }
    if (binary === false && !isText && !isUtf8(message)) {
      throw new TypeError('send() got bytes for a text frame that are not UTF-8');
    }
    return (this.#connection ?? this.#open()).send(message, binary ?? !isText, doCompress);
  }

  /** Closes the connection; what was not received yet is dropped. Does nothing if it is closed already. */
  close(code = 1000, message: string | Bytes = ''): void {
    if (!isCloseCode(code)) {
      throw new ProtocolError(`${inspect(code)} is not a close code: use 1000-1003, 1007-1011 or 3000-4999`);
    }
    const reason = typeof message === 'string' ? Buffer.from(message) : asReason(message);
    if (reason.length > MAX_REASON) {
      throw new ProtocolError(`A close reason has at most ${MAX_REASON} bytes, not ${reason.length}`);
    }
    if (this.#connection !== undefined) this.#connection.close(code, reason);
    else if (this.#finished) return;
    else
      throw new WebSocketError(
        'The WebSocket is not open yet: refuse it with start_response(), or accept() first',
      );
  }

  /** The messages, to the end of the connection. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return new MessageIterator(this);
  }

  /**
   * The application is done: 1000 it returned, 1011 it threw, 1001 the server stops. Calls that wait get null, later
   * ones raise.
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

  /** @internal No message will come any more, and the null was given. */
  get ended(): boolean {
    return this.#connection === undefined ? this.#finished : this.#connection.ended;
  }

  #open(protocol?: string): WebSocketConnection {
    if (this.#finished) throw goneError(ALREADY_CLOSED);
    const chosen = protocol ?? this.protocols.find((name) => this.supportedProtocols.includes(name));
    if (chosen !== undefined && !this.protocols.includes(chosen)) {
      throw new WebSocketError(
        `The client did not ask for the protocol ${inspect(chosen)}, but for ${inspect(this.protocols)}`,
      );
    }
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

/** RFC 6455 section 7.4: those that an endpoint may send. */
function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) || (code >= 3000 && code <= 4999);
}

function asReason(message: Bytes): Bytes {
  if (!(message instanceof Uint8Array)) {
    throw new TypeError(`close() takes a reason of text or bytes, not ${inspect(message, { depth: 0 })}`);
  }
  if (!isUtf8(message)) throw new TypeError('close() got a reason that is not UTF-8');
  return message;
}
