/** `wsgi.websocket`: one socket over a link of the gateway, with two faces: promises on the event loop, blocking calls in a thread. */
import { type Logger, logger } from '../../logger.js';
import { publish } from '../../subscription.js';
import { checkPublication, checkTopic } from '../../topics.js';
import { AwaitedCall, TooManyPending } from '../../unawaited.js';
import type { AnyEnviron, BlockingEnviron, Bytes, Environ, HeaderList, Message } from '../types.js';
import { ALREADY_CLOSED, closedError, ReceiveTimeout, WebSocketError } from './error.js';
import {
  type AsyncLink,
  type BlockingLink,
  CLOSE_CODE,
  checkClose,
  checkPing,
  checkTimeout,
  chooseProtocol,
  type Door,
  isBinaryMessage,
  type Link,
  NO_PROTOCOLS,
  type Watcher,
} from './link.js';

// | state   | opened | closed | what the application may do              | next                                       |
// |---------|--------|--------|------------------------------------------|--------------------------------------------|
// | door    | false  | false  | refuse with start_response, or open it   | open: accept, receive, send; done          |
// | open    | true   | false  | receive, send, close                     | closing: the peer closes, the server stops |
// | closing | true   | false  | answer what it received; the code is set | closed: it receives null, closes, or ends  |
// | closed  | true   | true   | receive what came before, then one null  | done                                       |
// | done    |        | true   | nothing: the application has returned    |                                            |
//
// `open` also goes to `closed` at once: by close(), and where the connection breaks. The link knows all states from
// `open` on; the socket knows the door and the end.

/** What both faces have. */
abstract class Socket<E extends AnyEnviron, Sent, Closed, L extends Link<Sent, Closed>> {
  readonly environ: E;
  /** The path that was asked for, as PATH_INFO. */
  readonly path: string;
  /** 13, 8 or 7. */
  readonly version: number;
  /** Sec-WebSocket-Origin of the old versions, or Origin. Only browsers send it. */
  readonly origin: string | undefined;
  /** The subprotocols that the client asked for, in its order. */
  readonly protocols: readonly string[];
  /** Set it before the door opens: the first of the client's protocols that is in it is the one answered. */
  supportedProtocols: readonly string[] = NO_PROTOCOLS;
  /** Whether `send` compresses, if the client can, unless a call says otherwise. */
  doCompress = true;
  logger: Logger = logger;

  readonly #door: Door<L>;
  #link: L | undefined;
  #protocol = '';
  #done = false;

  // Protected, or the published types would offer one without arguments.
  protected constructor(environ: E, door: Door<L>) {
    this.environ = environ;
    this.path = environ.PATH_INFO;
    this.version = door.version;
    this.origin = door.origin;
    this.protocols = door.protocols;
    this.#door = door;
  }

  /** The handshake was answered. */
  get opened(): boolean {
    return this.#link !== undefined;
  }

  /** Nothing more can be sent. Messages that arrived before may still be received. */
  get closed(): boolean {
    return this.#done || this.#link?.closed === true;
  }

  /** The subprotocol that was answered; empty if none was. */
  get protocol(): string {
    return this.#protocol;
  }

  /**
   * The peer's close code (RFC 6455 section 7.4): 1005 if it gave none, 1006 if it disappeared without closing. 1001 from the
   * moment when the server begins to stop: while `closed` is still false, messages can be sent.
   */
  get closeCode(): number | undefined {
    return this.#link?.ending?.code;
  }

  get closeReason(): string | undefined {
    return this.#link?.ending?.reason;
  }

  /** Why the connection failed, if it did: a `ProtocolError` or a `FrameTooLargeError`. */
  get error(): WebSocketError | undefined {
    return this.#link?.ending?.error;
  }

  /** Bytes that were sent and wait for the peer to read, or for the network: 0 when all is on its way. */
  get bufferedAmount(): number {
    return this.#link?.bufferedAmount ?? 0;
  }

  /**
   * Opens the door: answers 101. Does nothing once it is open.
   * @param protocol one of `protocols`; left out, `supportedProtocols` decides.
   * @param headers for the 101, such as Set-Cookie.
   * @throws WebSocketError if the request was already answered, with headers also if the door is open already, or the
   *   client has disconnected; ApplicationError for headers that `start_response` would refuse, or of the handshake itself.
   */
  accept(protocol?: string | null, headers: HeaderList = []): void {
    if (this.#link === undefined) this.open(protocol ?? undefined, headers);
    else if (headers.length > 0) {
      throw new WebSocketError('The WebSocket is open already: its 101 was sent without these headers');
    }
  }

  /**
   * Sends a message: text as a text frame, bytes as a binary one, unless `binary` says otherwise. Opens the door.
   * The bytes are not copied: leave them as they are.
   * @returns on the event loop, a promise if the peer reads too slowly: await it before the next message. A thread blocks.
   * @throws WebSocketError if the connection is closed.
   */
  send(message: string | Bytes, binary?: boolean | null, doCompress: boolean = this.doCompress): Sent {
    const isBinary = isBinaryMessage(message, binary);
    const link = this.#link ?? this.open();
    if (link.closed) throw closedError(ALREADY_CLOSED);
    return link.send(message, isBinary, doCompress);
  }

  /**
   * Sends a ping, which the peer answers by itself; the answer is not shown. Opens the door.
   * @param data up to 125 bytes.
   * @returns as `send`.
   * @throws WebSocketError if the connection is closed; ProtocolError for more bytes.
   */
  ping(data: string | Bytes = ''): Sent {
    const bytes = checkPing(data);
    const link = this.#link ?? this.open();
    if (link.closed) throw closedError(ALREADY_CLOSED);
    return link.ping(bytes);
  }

  /**
   * From now on the peer gets what is published on `topic`, whatever the handler is doing. Opens the door.
   * @param topic 1 to 1024 characters; with a trailing `*`, all topics that begin with what is before it.
   * @throws TypeError for another topic; WebSocketError if the connection is closed.
   */
  subscribe(topic: string): void {
    checkTopic(topic);
    const link = this.#link ?? this.open();
    if (link.closed) throw closedError(ALREADY_CLOSED);
    link.subscribe(topic, this.doCompress);
  }

  /** @param topic as it was given to `subscribe`. Does nothing for another. */
  unsubscribe(topic: string): void {
    checkTopic(topic);
    this.#link?.unsubscribe(topic);
  }

  /**
   * As the function `publish`, to all members but this one. Goes also when the connection is closed: others are told.
   * @returns on the event loop, a promise if much was published in this turn: await it before the next message.
   */
  publish(topic: string, message: string | Bytes): Sent | void | Promise<void> {
    checkPublication(topic, message);
    return this.#link === undefined ? publish(topic, message) : this.#link.publish(topic, message);
  }

  /** @internal @returns the link to close, if there is one, and the bytes of the reason. */
  protected closing(code: number, message: string | Bytes): { link: L | undefined; reason: Bytes } {
    const reason = checkClose(code, message);
    if (this.#link === undefined && !this.#done) {
      throw new WebSocketError(
        'The WebSocket is not open yet: refuse it with start_response(), or accept() first',
      );
    }
    return { link: this.#done ? undefined : this.#link, reason };
  }

  /**
   * The application has returned (1000) or thrown (1011). Calls that wait get null, later ones throw.
   * @internal
   */
  finish(code: number = CLOSE_CODE.normal): void {
    this.#done = true;
    this.#link?.finish(code);
  }

  /** @internal No more messages will come, and the null was given. */
  get ended(): boolean {
    return this.#link === undefined ? this.#done : this.#link.ended;
  }

  /** @internal */
  protected get link(): L | undefined {
    return this.#link;
  }

  /** @internal */
  protected open(protocol?: string, headers: HeaderList = []): L {
    if (this.#done) throw closedError(ALREADY_CLOSED);
    const chosen = chooseProtocol(this.protocols, this.supportedProtocols, protocol);
    this.#link = this.#door.accept(chosen, this.logger, headers);
    this.#protocol = chosen ?? '';
    return this.#link;
  }
}

/** @internal */
export const RECEIVE = new AwaitedCall('wsgi.websocket.receive()');

/**
 * A WebSocket, as the application sees it. Until the door is open the application may refuse the handshake with an
 * ordinary `start_response('403 Forbidden', …)`.
 */
export class WebSocket
  extends Socket<Environ, void | Promise<void>, Promise<void>, AsyncLink>
  implements AsyncIterable<Message>
{
  /** @internal The gateway makes it. */
  static make(environ: Environ, door: Door<AsyncLink>): WebSocket {
    return new WebSocket(environ, door);
  }

  /**
   * The next message; null, once, when the peer closed or failed, or the server stops. Opens the door.
   *
   * A stop lets the message in work be answered: until the handler asks for the next one, or ends, the connection stays
   * as it is (up to `gracefulTimeout`). What the peer sent and was not received by then is dropped; the peer is told 1001.
   * @param timeout seconds, a fraction is fine; left out or null: as long as it takes.
   * @throws ReceiveTimeout if none came in that time, and the next call gets it; WebSocketError after the null.
   */
  receive(timeout?: number | null): Promise<Message | null> {
    try {
      const milliseconds = checkTimeout(timeout);
      return RECEIVE.mark((this.link ?? this.open()).receive(milliseconds));
    } catch (error) {
      if (error instanceof TooManyPending) throw error;
      return Promise.reject(error);
    }
  }

  /**
   * Closes the connection; what was not received yet is dropped. Does nothing if it is closed already.
   * @returns settles when the connection is closed: once the peer has answered, or was given up.
   */
  close(code: number = CLOSE_CODE.normal, message: string | Bytes = ''): Promise<void> {
    const { link, reason } = this.closing(code, message);
    return link === undefined ? Promise.resolve() : link.close(code, reason);
  }

  /** @internal As `close`, with a frame that has no code: for a proxy, whose other side got such a one. */
  closeWithoutCode(): Promise<void> {
    const { link } = this.closing(CLOSE_CODE.normal, '');
    return link?.close(CLOSE_CODE.none, Buffer.alloc(0)) ?? Promise.resolve();
  }

  /** The messages, to the end of the connection, which is left open when the loop is left before that. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return {
      next: () => (this.ended ? Promise.resolve(asResult(null)) : this.receive().then(asResult)),
    };
  }

  /** @internal The server stops: no more messages, and `code` for the peer once the one in work is answered. */
  goAway(code: number): void {
    this.link?.goAway(code);
  }

  /**
   * One more message is answered while `receive()` waits: 1; or one less: -1. A stop leaves the connection open for
   * them: the application closes it, once `receive()` gave null and the last is answered.
   * @internal
   */
  answering(change: 1 | -1): void {
    if (this.link !== undefined) this.link.answering += change;
  }

  /** @internal Drops the connection without a close frame. */
  terminate(): void {
    this.link?.terminate();
  }

  /** @internal Messages arrived that were not received yet. */
  get pending(): boolean {
    return this.link?.pending === true;
  }

  /** @internal The next message, if it has come. */
  take(): Message | undefined {
    return this.link?.take();
  }

  /** @internal Once it is open. */
  watch(watcher: Watcher): void {
    if (this.link !== undefined) this.link.watcher = watcher;
  }
}

/** A WebSocket, as an application in a worker thread sees it: every call blocks, as in Python. */
export class BlockingWebSocket
  extends Socket<BlockingEnviron, void, void, BlockingLink>
  implements Iterable<Message>
{
  /** @internal The gateway makes it. */
  static make(environ: BlockingEnviron, door: Door<BlockingLink>): BlockingWebSocket {
    return new BlockingWebSocket(environ, door);
  }

  /**
   * Blocks for the next message; null, once, when the peer closed or failed, or the server stops. Opens the door.
   * @param timeout seconds, a fraction is fine; left out or null: as long as it takes.
   * @throws ReceiveTimeout if none came in that time; WebSocketError after the null.
   */
  receive(timeout?: number | null): Message | null {
    const milliseconds = checkTimeout(timeout);
    const link = this.link ?? this.open();
    if (link.ended) throw closedError(ALREADY_CLOSED);
    const message = link.receive(milliseconds);
    if (message === undefined) throw new ReceiveTimeout(milliseconds / 1000);
    return message;
  }

  /**
   * Closes the connection, and blocks until it is closed: until the peer has answered, or was given up. What was not
   * received yet is dropped. Does nothing if it is closed already.
   */
  close(code: number = CLOSE_CODE.normal, message: string | Bytes = ''): void {
    const { link, reason } = this.closing(code, message);
    link?.close(code, reason);
  }

  /** @internal As `close`, with a frame that has no code: for a proxy, whose other side got such a one. */
  closeWithoutCode(): void {
    this.closing(CLOSE_CODE.normal, '').link?.close(CLOSE_CODE.none, Buffer.alloc(0));
  }

  /** The messages, to the end of the connection. */
  *[Symbol.iterator](): Generator<Message, void, undefined> {
    while (!this.ended) {
      const message = this.receive();
      if (message !== null) yield message;
    }
  }
}

function asResult(message: Message | null): IteratorResult<Message, undefined> {
  return message === null ? { done: true, value: undefined } : { done: false, value: message };
}
