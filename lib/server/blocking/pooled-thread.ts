/** One thread of the pool, as the I/O thread sees it: its worker, its line, and what waits for room in it. */
import type { Worker } from 'node:worker_threads';
import { MORE } from './messages.js';
import type { RemoteRunner } from './remote-runner.js';
import { Frame, TEXT_LIMIT } from './ring.js';
import { ThreadLine } from './thread-line.js';

interface Waiting {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly text: string;
  readonly bytes: Uint8Array | undefined;
}

export class PooledThread {
  /** Its place among the threads. */
  readonly index: number;
  /** No other thread has it, nor had. */
  readonly serial: number;
  readonly line = new ThreadLine();
  readonly worker: Worker;
  /** It has its application. */
  ready = false;
  /** It takes no more part: its frames are not read. */
  dropped = false;
  exited = false;
  /** For the watch on handlers that run too long: what it saw last, and how often. */
  watched = 0;
  progress = 0;
  quiet = 0;
  readonly #frame = new Frame();
  /** A client has to catch up before more is read. */
  #paused = false;
  #waiting: Waiting[] = [];
  #onRoom: (() => void)[] = [];

  /** @param start makes the worker on this line. */
  constructor(index: number, serial: number, start: (line: SharedArrayBuffer) => Worker) {
    this.index = index;
    this.serial = serial;
    this.worker = start(this.line.memory);
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Sends a frame, now or when there is room. */
  post(type: number, flags: number, id: number, text: string, bytes?: Uint8Array): void {
    // What was for its request is for nobody else.
    if (this.dropped) return;
    if (this.#waiting.length > 0 || !this.line.inbound.push(type, flags, id, text, bytes)) {
      // The bytes may be overwritten before there is room.
      this.#waiting.push({ type, flags, id, text, bytes });
      this.#postWaiting();
    }
    this.line.ring();
  }

  /** Sends a text of any length. */
  postText(type: number, id: number, text: string): void {
    let rest = text;
    while (rest.length > TEXT_LIMIT) {
      this.post(type, MORE, id, rest.slice(0, TEXT_LIMIT));
      rest = rest.slice(TEXT_LIMIT);
    }
    this.post(type, 0, id, rest);
  }

  /** Resolves when nothing waits for room, or the thread is gone. */
  room(): Promise<void> | undefined {
    if (this.#waiting.length === 0 || this.dropped) return undefined;
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  /**
   * Reads what the thread has sent, until there is no more or a client has to catch up.
   * @param runnerOf the request that a frame belongs to.
   * @param resume is called when the client has.
   */
  drain(runnerOf: (id: number) => RemoteRunner | undefined, resume: () => void): void {
    if (this.dropped) return;
    this.#postWaiting();
    const frame = this.#frame;
    let read = false;
    let last: RemoteRunner | undefined;
    while (!this.#paused && this.line.outbound.shift(frame)) {
      read = true;
      const runner = runnerOf(frame.id);
      if (runner !== last) last?.flush();
      last = runner;
      const wait = runner?.take(frame, this);
      if (wait === undefined) continue;
      this.#paused = true;
      const go = () => {
        this.#paused = false;
        resume();
      };
      wait.then(go, go);
    }
    last?.flush();
    if (read) this.line.ring();
  }

  /** What it has not read is given up. */
  drop(): void {
    this.dropped = true;
    this.#waiting = [];
    this.#release();
  }

  #postWaiting(): void {
    if (this.#waiting.length === 0) return;
    // First: the thread may read everything between a try and the wish to hear of it.
    this.line.wantRoom();
    let sent = 0;
    for (const { type, flags, id, text, bytes } of this.#waiting) {
      if (!this.line.inbound.push(type, flags, id, text, bytes)) break;
      sent++;
    }
    if (sent === 0) return;
    this.#waiting.splice(0, sent);
    this.line.ring();
    if (this.#waiting.length === 0) this.#release();
  }

  #release(): void {
    for (const resolve of this.#onRoom.splice(0)) resolve();
  }
}
