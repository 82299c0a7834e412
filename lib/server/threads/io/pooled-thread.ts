/** One thread of the pool, as the I/O thread sees it: its worker, its line, and what waits for room in it. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { type Blocks, NONE } from '../shared/blocks.js';
import { isCharged, MORE } from '../shared/messages.js';
import { Frame, TEXT_LIMIT } from '../shared/ring.js';
import { costOf, ThreadLine } from '../shared/thread-line.js';
import type { RemoteRunner } from './remote-runner.js';
import type { StartedWorker } from './start-worker.js';

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
  readonly port: MessagePort;
  /** It has its application. */
  ready = false;
  /** It takes no more part: its frames are not read. */
  dropped = false;
  exited = false;
  /** The log tells that it cannot be ended. */
  said = false;
  /** For the watch on handlers that run too long: what it saw last, and how often. */
  watched = 0;
  progress = 0;
  quiet = 0;
  readonly #blocks: Blocks;
  readonly #frame = new Frame();
  #loading: NodeJS.Timeout | undefined;
  readonly #began = performance.now();
  #waiting: Waiting[] = [];
  #onRoom: (() => void)[] = [];

  /** @param start makes the worker on this line. */
  constructor(
    index: number,
    serial: number,
    blocks: Blocks,
    start: (line: SharedArrayBuffer) => StartedWorker,
  ) {
    this.index = index;
    this.serial = serial;
    this.#blocks = blocks;
    const { worker, port } = start(this.line.memory);
    this.worker = worker;
    this.port = port;
  }

  /** It has taken a request, or more. */
  get worked(): boolean {
    return this.line.current !== 0 || this.line.outbound.traffic !== 0;
  }

  /** It loads the application. @param late called when that has taken so many milliseconds, and again after as long. */
  loads(milliseconds: number, late: (milliseconds: number) => void): void {
    this.#loading = setInterval(() => late(performance.now() - this.#began), milliseconds).unref();
  }

  /** Returns the milliseconds that it has taken. */
  stopLoading(): number {
    clearInterval(this.#loading);
    return performance.now() - this.#began;
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
   * Reads what the thread has sent. No client holds that up: what one has not taken waits with its connection.
   * @param runnerOf the request that a frame belongs to.
   */
  drain(runnerOf: (id: number) => RemoteRunner | undefined): void {
    if (this.dropped) return;
    this.#postWaiting();
    const frame = this.#frame;
    let read = false;
    let last: RemoteRunner | undefined;
    while (this.line.outbound.shift(frame)) {
      read = true;
      if (frame.block !== NONE) {
        this.#blocks.claim(frame.block);
        frame.bytes = this.#blocks.view(frame.block, frame.length);
      }
      const runner = runnerOf(frame.id);
      if (runner !== last) last?.flush();
      last = runner;
      if (runner === undefined) this.discard(frame);
      else runner.take(frame, this);
    }
    last?.flush();
    if (read) this.line.ring();
  }

  /** Nobody takes what a frame brings. */
  discard(frame: Frame): void {
    if (frame.block !== NONE) this.#blocks.free(frame.block);
    if (isCharged(frame.type)) this.line.settle(costOf(frame.length));
  }

  /** It runs no more: what it had of memory for all comes back. */
  ended(): void {
    this.exited = true;
    this.#blocks.release(this.serial);
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
