/** One request that a thread answers, as the I/O thread sees it: stands in for the interpreter, which is in the thread. */
import type { RequestServer } from '../../../current-request.js';
import type { Bytes } from '../../../environ/types.js';
import type { WebSocket } from '../../../environ/websocket/websocket.js';
import { isRequestError, ServerBusy } from '../../../errors.js';
import { sendError } from '../../../interpreter/error-response.js';
import { describe, type NamedRequest, type Reporter, report } from '../../../interpreter/report.js';
import type { Sink } from '../../../interpreter/sink.js';
import { logger } from '../../../logger.js';
import type { Exchange, Runner } from '../../http/exchange.js';
import type { HandshakeRequest } from '../../websocket/handshake.js';
import { NONE } from '../shared/blocks.js';
import {
  decodeHead,
  decodeList,
  encodeRequest,
  FROM_THREAD,
  HAS_BODY,
  isCharged,
  LAST,
  MORE,
  TO_THREAD,
  WHOLE_BODY,
} from '../shared/messages.js';
import type { Frame } from '../shared/ring.js';
import type { Outflow } from './outflow.js';
import { CLAIM_MS, type PoolRequest, type ThreadPool } from './pool.js';
import type { PooledThread } from './pooled-thread.js';
import { type PostedBody, postBody } from './post-body.js';
import { RemoteSocket } from './remote-socket.js';

/** Bytes of a body that finds room in the queue beside its head. */
const SMALL_BODY = 8 * 1024;

/** Frames whose text may be longer than one of them; a WebSocket has bytes in pieces. */
const HAS_TEXT: ReadonlySet<number> = new Set([
  FROM_THREAD.head,
  FROM_THREAD.response,
  FROM_THREAD.largeResponse,
  FROM_THREAD.earlyHints,
  FROM_THREAD.accept,
]);

/** Where the response goes: what the thread sends is bounded by its `Outflow`, not by the sink. */
export interface RemoteSink extends Pick<Sink, 'head' | 'flush' | 'abort' | 'done' | 'hijacked'> {
  /** @param last may be in a block, which is used again once the runner's `finished` was called. */
  end(last?: Bytes): void;
  /** @param taken to be called when the bytes are needed no more; it need not be when the connection ends before. */
  relay(bytes: Uint8Array, taken: () => void): unknown;
  /** @param checked flat: name, value, name, value. */
  sendHints(checked: readonly string[]): void;
}

/** The body of a request, which a thread reads. */
export interface RemoteBody extends PostedBody {
  /** All of it, if that has come and is not longer. */
  takeWhole(most: number): Buffer | undefined;
}

/** The request, whatever brought it. */
export interface RemoteExchange {
  readonly message: NamedRequest;
  readonly sink: RemoteSink;
  readonly service: RequestServer;
}

export class RemoteRunner<E extends RemoteExchange = RemoteExchange>
  implements Runner, PoolRequest, Reporter
{
  /** 0 until it is queued. */
  id = 0;
  /** In the shared queue; -1: it waits for one. */
  slot = -1;
  /** A body that goes to the thread with the head. */
  whole: Buffer | undefined;
  readonly #pool: ThreadPool;
  readonly #exchange: E;
  readonly #sink: RemoteSink;
  readonly #encode: (exchange: E, handshake: HandshakeRequest | undefined) => string;
  /** When it came, in milliseconds since the epoch. */
  readonly received = Date.now();
  #body: RemoteBody | undefined;
  #socket: RemoteSocket | undefined;
  /** Of a text that comes in several frames. */
  #text = '';
  #headSent = false;
  /** The sink has taken something that it may hold back. */
  #unflushed = false;
  /** Nothing more goes to the client; the thread may still be busy with it. */
  #over = false;
  #done = false;
  #webSocketClosed = false;
  #outflow: Outflow | undefined;
  /** The connection needs nothing more of what it was given. */
  #finished = false;

  /** @param encode gives the request head as it goes to a thread. */
  constructor(
    pool: ThreadPool,
    exchange: E,
    encode: (exchange: E, handshake: HandshakeRequest | undefined) => string,
  ) {
    this.#pool = pool;
    this.#exchange = exchange;
    this.#encode = encode;
    this.#sink = exchange.sink;
  }

  /** What the log says of it. */
  describe(message: string): string {
    return describe(this.#exchange.message, this.received, message);
  }

  say(message: string, ...thrown: [error?: unknown]): void {
    report(this.describe(message), ...thrown);
  }

  get over(): boolean {
    return this.#over;
  }

  get server(): RequestServer {
    return this.#exchange.service;
  }

  get websocket(): WebSocket | undefined {
    return this.#socket?.websocket;
  }

  /** It has a WebSocket that is open: it may take as long as it likes. */
  get isConversation(): boolean {
    return this.#sink.hijacked && !this.#over && !this.#webSocketClosed;
  }

  // Runner

  start(body: RemoteBody | undefined, websocket?: WebSocket): void {
    if (this.#over) return;
    this.whole = body?.takeWhole(SMALL_BODY);
    if (body !== undefined && this.whole === undefined) this.#body = body;
    if (websocket !== undefined) this.#socket = new RemoteSocket(websocket);
    if (!this.#pool.submit(this)) this.fail(new ServerBusy());
  }

  /** The request head as it goes to a thread. */
  encode(): string {
    return this.#encode(this.#exchange, this.#socket?.handshake);
  }

  get flags(): number {
    if (this.whole !== undefined) return WHOLE_BODY;
    return this.#body === undefined ? 0 : HAS_BODY;
  }

  fail(error: unknown): void {
    if (this.#over) return;
    if (!isRequestError(error)) logger.error(this.describe((error as Error).message));
    if (this.#sink.hijacked || this.#headSent) this.#sink.abort();
    else sendError(this.#sink, error, this.#exchange.message.method === 'HEAD', this);
    // A thread may be busy with it still; the connection need not wait for that.
    this.done();
  }

  /** Whether it is the handler that is slow, or its turn that has not come, the watch on threads knows. */
  overdue(): void {}

  disconnect(): void {
    if (this.#over) return;
    this.#over = true;
    // It never reached the application, or the application learns of it at its next call.
    if (this.id === 0 || this.#pool.abandon(this)) this.#sink.done();
  }

  /**
   * The client sends no more, and may have left: one that waits for a thread is taken to have left. (A handler that runs is
   * told by its signal, and answers all the same: RFC 9112 section 9.6 lets a client close one side.)
   */
  halfClosed(): void {
    if (this.#over) return;
    if (this.#pool.overloaded && this.#pool.withdraw(this)) {
      this.fail(new ServerBusy());
      return;
    }
    const thread = this.#pool.threadOf(this);
    if (thread !== undefined) thread.line.tellClientEnded(this.id);
    // A thread is about to take it.
    else setTimeout(() => this.halfClosed(), CLAIM_MS);
  }

  webSocketClosed(): void {
    this.#webSocketClosed = true;
    this.#pool.threadOf(this)?.line.tellSocketClosed(this.id);
  }

  webSocketEnding(): void {
    const thread = this.#pool.threadOf(this);
    if (thread !== undefined) this.#socket?.tellEnding(thread, this.id);
  }

  finished(): void {
    this.#finished = true;
    this.#outflow?.close();
  }

  goAway(): void {
    this.#pool.threadOf(this)?.line.tellGoingAway(this.id);
  }

  // The thread's frames

  take(frame: Frame, thread: PooledThread): void {
    if (frame.type === FROM_THREAD.done) {
      this.#pool.done(this);
      this.#outflow?.threadDone();
      this.done();
    } else if (this.#over || (this.#finished && isCharged(frame.type))) thread.discard(frame);
    else if ((frame.flags & MORE) === 0 || !HAS_TEXT.has(frame.type)) this.#serve(frame, thread);
    else this.#text += frame.text;
  }

  /** Pushes out what was taken. */
  flush(): void {
    if (!this.#unflushed || this.#over) return;
    this.#unflushed = false;
    this.#sink.flush();
  }

  #serve(frame: Frame, thread: PooledThread): void {
    const sink = this.#sink;
    switch (frame.type) {
      case FROM_THREAD.response:
      case FROM_THREAD.largeResponse:
        this.#head(frame);
        this.#unflushed = false;
        if (frame.block !== NONE) this.#outflowOf(thread).hold(frame.block);
        if (frame.type === FROM_THREAD.largeResponse) this.#outflowOf(thread).add(frame.length, true);
        sink.end(frame.bytes.length === 0 ? undefined : frame.bytes);
        break;
      case FROM_THREAD.head:
        this.#head(frame);
        break;
      case FROM_THREAD.chunk:
        this.#chunk(frame, thread);
        break;
      case FROM_THREAD.end:
        this.#unflushed = false;
        sink.end();
        break;
      case FROM_THREAD.abort:
        this.#unflushed = false;
        sink.abort();
        break;
      case FROM_THREAD.earlyHints:
        sink.sendHints(decodeList(this.#takeText(frame)));
        break;
      case FROM_THREAD.accept:
        this.#socket?.accept(decodeList(this.#takeText(frame)), thread, this.id);
        break;
      case FROM_THREAD.fetchHead:
        thread.postText(TO_THREAD.head, this.id, this.encode());
        if (this.whole !== undefined) thread.post(TO_THREAD.body, 0, this.id, '', this.whole);
        break;
      case FROM_THREAD.pull:
        if (this.#body !== undefined) postBody(thread, this.#body, this.id, () => this.#over);
        break;
      default:
        this.#socket?.take(frame, thread, this.id, this.#outflowOf(thread));
    }
  }

  #outflowOf({ line }: PooledThread): Outflow {
    this.#outflow ??= this.#pool.outflow(line);
    return this.#outflow;
  }

  #head(frame: Frame): void {
    this.#headSent = true;
    this.#unflushed = true;
    this.#sink.head(decodeHead(this.#takeText(frame)));
  }

  #chunk({ bytes, block, flags }: Frame, thread: PooledThread): void {
    const outflow = this.#outflowOf(thread);
    this.#unflushed = true;
    outflow.hold(block);
    outflow.add(bytes.length, (flags & LAST) !== 0);
    this.#sink.relay(bytes, () => {
      outflow.free(block);
      outflow.taken(bytes.length);
    });
  }

  /** The text of a frame, with what came of it before. */
  #takeText({ text }: Frame): string {
    const whole = this.#text + text;
    this.#text = '';
    return whole;
  }

  /** The thread has finished with it, or has ended. */
  done(): void {
    if (this.#done) return;
    this.#done = true;
    this.#over = true;
    this.#sink.done();
  }
}

/**
 * Calls applications in threads: sockets, parsing, framing and timeouts stay on the I/O thread.
 * @returns see `Service.call`.
 */
export function callInThreads(pool: ThreadPool): (exchange: Exchange) => void {
  return (exchange) => {
    const { accessLog, forwarded } = exchange.service;
    // The access log names the client that a trusted proxy told of.
    const looksForClient = accessLog !== undefined && (forwarded !== undefined || accessLog.needsEnviron);
    if (looksForClient || exchange.isUpgrade) exchange.environ();
    const body = exchange.body ?? exchange.service.host.keptBody?.(exchange);
    // Now, where what it throws is answered: what a host puts into a request may throw when it is read.
    const hosted = exchange.service.host.head?.(exchange);
    const encode: typeof encodeExchange =
      hosted === undefined
        ? encodeExchange
        : (one, handshake) => encodeRequest(hosted.head, one.connection, handshake, hosted.mount);
    const runner = new RemoteRunner(pool, exchange, encode);
    exchange.runner = runner;
    // A small body comes with the head, and goes to the thread with it.
    if (body === undefined) runner.start(undefined, exchange.websocket);
    else process.nextTick(() => runner.start(body));
  };
}

function encodeExchange(exchange: Exchange, handshake: HandshakeRequest | undefined): string {
  return encodeRequest(exchange.message, exchange.connection, handshake);
}
