/** Finds peers that are gone without a word: pings them, and drops those that show no sign of life. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket as WsSocket } from 'ws';
import type { OpenSocket } from '../environ/websocket.js';

/** One timer for all sockets; it exists only while there are some, and keeps no process alive. */
export class Heartbeat {
  readonly #interval: number;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** @param seconds between two pings; 0 sends none. */
  constructor(seconds: number) {
    this.#interval = seconds * 1000;
  }

  /** Until its `close`. A silent peer is dropped between one and two intervals after it fell silent. */
  watch(open: OpenSocket): void {
    if (this.#interval <= 0) return;
    const watched = new Watched(open, this);
    this.#watched.add(watched);
    (open.socket as WatchedSocket)[WATCHED] = watched;
    open.socket.once('close', socketOnClose);
    this.#timer ??= setInterval(round, this.#interval, this.#watched).unref();
  }

  /** Watches none any more. */
  stop(): void {
    this.#watched.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size === 0) this.stop();
  }
}

const WATCHED = Symbol('wsgi.heartbeat');

interface WatchedSocket extends WsSocket {
  [WATCHED]?: Watched;
}

/** One socket, and what was seen of it when it was last pinged. */
class Watched {
  readonly heartbeat: Heartbeat;
  readonly #socket: WsSocket;
  readonly #stream: Duplex & Partial<Pick<Socket, 'bytesRead' | 'bytesWritten'>>;
  #pinged = false;
  #read = 0;
  /** Bytes that the kernel took, while more waited: it takes some only when the peer does. Otherwise -1. */
  #taken = -1;

  constructor({ socket, stream }: OpenSocket, heartbeat: Heartbeat) {
    this.#socket = socket;
    this.#stream = stream;
    this.heartbeat = heartbeat;
  }

  beat(): void {
    // While we do not read, its pong cannot be seen. A failing write tells then.
    const judged = !this.#socket.isPaused && !this.#stream.isPaused();
    if (judged && this.#pinged && !this.#isAlive()) {
      this.#socket.terminate();
      return;
    }
    // A closing socket gets no ping any more, but the peer may be gone, or not read what is left to send.
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    this.#pinged = judged;
    this.#read = this.#stream.bytesRead ?? 0;
    this.#taken = this.#stream.writableLength > 0 ? this.#takenByKernel() : -1;
  }

  /** A slow peer reads the ping only after all that was sent before it; that it goes on reading is enough. */
  #isAlive(): boolean {
    if (this.#stream.bytesRead !== this.#read) return true;
    return this.#taken !== -1 && this.#takenByKernel() > this.#taken;
  }

  #takenByKernel(): number {
    return (this.#stream.bytesWritten ?? 0) - this.#stream.writableLength;
  }
}

function round(all: Set<Watched>): void {
  for (const watched of all) watched.beat();
}

function socketOnClose(this: WatchedSocket): void {
  const watched = this[WATCHED];
  watched?.heartbeat.forget(watched);
}
