/** `wsgi.websocket` in a worker thread: as `WebSocket`, but every call blocks, as in Python. */
import { type Logger, logger } from '../../logger.js';
import type { BlockingEnviron, Bytes } from '../types.js';
import { checkClose, chooseProtocol, isBinaryMessage, notOpenYet } from './arguments.js';
import { ALREADY_CLOSED, goneError, ReceiveTimeout, type WebSocketError } from './error.js';
import type { Message } from './inbox.js';

/** How a connection ended (RFC 6455 section 7.4), as far as it is known. */
export interface Ending {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly error: WebSocketError | undefined;
}

/**
 * The thread's end of a WebSocket whose socket is elsewhere.
 * @internal
 */
export interface BlockingLine {
  /** 13, 8 or 7. */
  readonly version: number;
  readonly origin: string | undefined;
  readonly protocols: readonly string[];
  /** Answers the handshake. @throws WebSocketError if that cannot be done any more. */
  accept(protocol: string | undefined): void;
  /** The next message; null when none will come; undefined when `timeout` milliseconds are over. */
  receive(timeout: number): Message | null | undefined;
  send(message: string | Bytes, binary: boolean, compress: boolean): void;
  close(code: number, reason: Bytes): void;
  /** Nothing more can be sent. */
  readonly closed: boolean;
  readonly ending: Ending | undefined;
}

/** A WebSocket, as an application in a worker thread sees it. Otherwise all is as with `WebSocket`. */
export class BlockingWebSocket implements Iterable<Message> {
  readonly environ: BlockingEnviron;
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

  readonly #line: BlockingLine;
  #opened = false;
  #protocol = '';
  /** No message will come any more, and the null was given; or the application closed it. */
  #ended = false;
  #finished = false;

  /** @internal The gateway makes it. */
  static make(environ: BlockingEnviron, line: BlockingLine): BlockingWebSocket {
    return new BlockingWebSocket(environ, line);
  }

  // Private, or the published types would offer one without arguments.
  private constructor(environ: BlockingEnviron, line: BlockingLine) {
    this.environ = environ;
    this.path = environ.PATH_INFO;
    this.version = line.version;
    this.origin = line.origin;
    this.protocols = line.protocols;
    this.#line = line;
  }

  /** The handshake was answered. */
  get opened(): boolean {
    return this.#opened;
  }

  /** Nothing more can be sent. Messages that arrived before may still be received. */
  get closed(): boolean {
    return this.#finished || (this.#opened && this.#line.closed);
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
    return this.#line.ending?.code;
  }

  get closeReason(): string | undefined {
    return this.#line.ending?.reason;
  }

  /** Why the connection failed, if it did: a `ProtocolError` or a `FrameTooLargeError`. */
  get error(): WebSocketError | undefined {
    return this.#line.ending?.error;
  }

  /**
   * Opens the door: answers 101. Does nothing once it is open.
   * @param protocol one of `protocols`; left out, `supportedProtocols` decides.
   * @throws WebSocketError if the request was already answered, or the client is gone.
   */
  accept(protocol?: string | null): void {
    if (!this.#opened) this.#open(protocol ?? undefined);
  }

  /**
   * Blocks for the next message; null, once, when the peer closed or failed, or the server stops. Opens the door.
   * @param timeout seconds, a fraction is fine; left out or null: as long as it takes.
   * @throws ReceiveTimeout if none came in that time; WebSocketError after the null.
   */
  receive(timeout?: number | null): Message | null {
    if (timeout !== undefined && timeout !== null && !(timeout >= 0)) {
      throw new RangeError(`receive() takes a timeout in seconds, not ${timeout}`);
    }
    this.accept();
    if (this.#ended) throw goneError(ALREADY_CLOSED);
    const message = this.#line.receive(timeout == null ? Number.POSITIVE_INFINITY : timeout * 1000);
    if (message === undefined) throw new ReceiveTimeout(timeout as number);
    if (message === null) this.#ended = true;
    return message;
  }

  /**
   * Sends a message, and blocks while the peer is behind: text as a text frame, bytes as a binary one, unless `binary`
   * says otherwise. Opens the door.
   * @throws WebSocketError if the connection is closed.
   */
  send(message: string | Bytes, binary?: boolean | null, doCompress: boolean = this.doCompress): void {
    const isBinary = isBinaryMessage(message, binary);
    this.accept();
    if (this.closed) throw goneError(ALREADY_CLOSED);
    this.#line.send(message, isBinary, doCompress);
  }

  /** Closes the connection; what was not received yet is dropped. Does nothing if it is closed already. */
  close(code = 1000, message: string | Bytes = ''): void {
    const reason = checkClose(code, message);
    if (this.#finished) return;
    if (!this.#opened) throw notOpenYet();
    this.#line.close(code, reason);
    this.#finished = true;
    this.#ended = true;
  }

  /** The messages, to the end of the connection. */
  *[Symbol.iterator](): Generator<Message, void, undefined> {
    while (!this.#ended) {
      const message = this.receive();
      if (message === null) return;
      yield message;
    }
  }

  /** The application is done: what it kept of this object is of no more use. @internal */
  finish(): void {
    this.#finished = true;
    this.#ended = true;
  }

  #open(protocol?: string): void {
    if (this.#finished) throw goneError(ALREADY_CLOSED);
    const chosen = chooseProtocol(this.protocols, this.supportedProtocols, protocol);
    this.#line.accept(chosen);
    this.#protocol = chosen ?? '';
    this.#opened = true;
  }
}
