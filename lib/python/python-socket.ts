/**
 * The gateway's end of `wsgi.websocket` in Python. Messages go to Python as they come, and are sent for it without an answer:
 * each side has some of the other's ahead of it, and says when it has dealt with them. All other calls are answered.
 */
import type { Environ, Message } from '../environ/types.js';
import type { Watcher } from '../environ/websocket/link.js';
import { WebSocket } from '../environ/websocket/websocket.js';
import { pack, TO_PYTHON, uint32 } from './messages.js';
import { callSocket, type SocketCall } from './socket-calls.js';

/** Bytes of messages that Python may have before its application takes them. */
const WINDOW = 256 * 1024;
/** Bytes that are told of together. Less than the window of Python (exchange.py). */
const TELL = 64 * 1024;
/** What a message costs beside its bytes. exchange.py has the same. */
const MESSAGE_BYTES = 512;

/** Bits of `TO_PYTHON.news`. exchange.py has the same. */
const NEWS = {
  /** Messages are sent ahead from now on. */
  ahead: 1,
  /** No more are: `receive` is to be called, which says how it ends. */
  over: 2,
  /** Nothing can be sent any more. */
  closed: 4,
  /** The server stops: messages that Python has not received yet are not to be received. */
  dropped: 8,
  /** Python is told of what becomes of it, and so need not wait for an answer when it sends. */
  watched: 16,
} as const;

const PUSHED = pack('pushed');

export class PythonSocket implements Watcher {
  readonly #socket: Environ['wsgi.websocket'];
  /** The same; one of middleware cannot be watched, and so Python asks for each message and sends each with an answer. */
  readonly #own: WebSocket | undefined;
  readonly #post: (kind: number, payload: Uint8Array) => void;
  /** Messages that were sent ahead, and bytes of those that the application has not had. */
  #pushed = 0;
  #ahead = 0;
  /** Bytes that were sent for Python since it was last told. */
  #sent = 0;
  #isOver = false;
  #news = 0;

  /** @param post sends a frame that answers no call. */
  constructor(socket: Environ['wsgi.websocket'], post: (kind: number, payload: Uint8Array) => void) {
    this.#socket = socket;
    this.#own = socket instanceof WebSocket ? socket : undefined;
    this.#post = post;
  }

  /** @returns the payload of the answer. Rejects with what Python is to raise. */
  async call(call: SocketCall, data: Buffer): Promise<Buffer> {
    const [method, args] = call;
    // Those that Python had not seen when it asked go before the next one.
    if (method === 'receive' && args[1] !== this.#pushed) return PUSHED;
    try {
      return await callSocket(this.#socket, call, data);
    } finally {
      this.#watch(method === 'receive');
    }
  }

  /** Sends a message. Where it cannot be sent Python learns that the connection is closed. */
  send(message: Buffer, isBinary: boolean, compress: boolean): void {
    const taken = () => this.#taken(message.length + MESSAGE_BYTES);
    try {
      const sent = this.#socket?.send(message, isBinary, compress);
      if (sent === undefined) taken();
      else sent.then(taken, taken);
    } catch {
      taken();
    }
  }

  /** The application has had so many bytes. */
  received(bytes: number): void {
    this.#ahead -= bytes;
    this.came();
  }

  /** Nobody waits any more for a message that would be sent ahead. */
  abandon(): void {
    // Told again where it is known: a thread may wait for something else.
    this.#news &= ~NEWS.over;
    this.#tell(NEWS.over);
  }

  // Watcher

  came(): void {
    if ((this.#news & NEWS.ahead) === 0) return;
    while (this.#ahead < WINDOW) {
      const message = this.#own?.take();
      if (message === undefined) break;
      this.#push(message);
    }
    // What the window kept back goes before the end.
    if (this.#isOver && this.#own?.pending !== true) this.#tell(NEWS.over);
  }

  over(dropped: boolean): void {
    this.#isOver = true;
    this.#tell((this.#socket?.closed === true ? NEWS.closed : 0) | (dropped ? NEWS.dropped : 0));
    this.came();
  }

  #push(message: Message): void {
    const isText = typeof message === 'string';
    const bytes = isText ? Buffer.from(message) : message;
    this.#pushed++;
    this.#ahead += bytes.length + MESSAGE_BYTES;
    this.#post(isText ? TO_PYTHON.text : TO_PYTHON.binary, bytes);
  }

  #watch(receives: boolean): void {
    const socket = this.#own;
    if (socket?.opened !== true) return;
    const isFirst = this.#news === 0;
    this.#tell(NEWS.watched | (receives ? NEWS.ahead : 0));
    if (isFirst) {
      socket.watch(this);
      if (socket.closed) this.over(false);
    }
    if (receives) this.came();
  }

  #taken(bytes: number): void {
    this.#sent += bytes;
    if (this.#sent < TELL) return;
    this.#post(TO_PYTHON.taken, uint32(this.#sent));
    this.#sent = 0;
  }

  #tell(news: number): void {
    const all = this.#news | news;
    if (all === this.#news) return;
    this.#news = all;
    this.#post(TO_PYTHON.news, Uint8Array.of(all));
  }
}
