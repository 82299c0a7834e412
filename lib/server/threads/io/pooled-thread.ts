/** One thread of the pool, as the I/O thread sees it: its worker, what it is sent and has sent, and how it is ended. */
import type { MessagePort, Worker } from 'node:worker_threads';
import { inTime } from '../../../environ/maybe-promise.js';
import { logger } from '../../../logger.js';
import { type Blocks, NONE } from '../shared/blocks.js';
import { isCharged, isForTopics, MORE, TO_THREAD } from '../shared/messages.js';
import { Frame, type Ring, TEXT_LIMIT } from '../shared/ring.js';
import { costOf, ThreadLine } from '../shared/thread-line.js';
import type { OutsideFrames, OwnMemory, StartedThread } from './thread-kind.js';
import { ThreadTopics, type TopicRequest } from './thread-topics.js';

/** A request that the thread has. */
export interface ThreadRequest extends TopicRequest {
  /** A frame of the thread. */
  take(frame: Frame, thread: PooledThread): void;
  /** Pushes out what was taken. */
  flush(): void;
}

/** How long a thread may take that was asked to end by itself. */
export interface Patience {
  /** Milliseconds, and a moment more. */
  readonly grace: number;
  /** Settles when that time is over. */
  readonly cut: Promise<void> | undefined;
}

export class PooledThread {
  /** Its place among the threads. */
  readonly index: number;
  /** No other thread of this process has or had it. */
  readonly id: number;
  readonly line = new ThreadLine();
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly #bodies: MessagePort | undefined;
  /** When it had its application, by performance.now(). */
  readySince: number | undefined;
  /** It takes no part any more: its frames are not read. */
  dropped = false;
  exited = false;
  /** It ends once it has no request: another one has its place, or is about to. */
  leaving = false;
  /** The one that it takes the place of, which goes on until this one has the application. */
  replaces: PooledThread | undefined;
  /** How it ended, as far as it knows. */
  how: string | undefined;
  /** For the watch on handlers that run for too long: what it saw last, and how often. */
  watched = 0;
  progress = 0;
  quiet = 0;
  readonly blocks: Blocks;
  readonly #frame = new Frame();
  readonly #topics: ThreadTopics;
  #loading: NodeJS.Timeout | undefined;
  readonly #began = performance.now();
  /** Frames without room in the ring. */
  #waiting: Parameters<Ring['push']>[] = [];
  #onRoom: (() => void)[] = [];
  /** The log says that it cannot be ended. */
  #reported = false;

  /** @param start makes its worker, with the memory of its line. */
  constructor(index: number, start: (own: OwnMemory) => StartedThread, blocks: Blocks) {
    this.index = index;
    this.blocks = blocks;
    const { worker, port, bodies } = start({ line: this.line.memory, place: index });
    this.worker = worker;
    this.id = worker.threadId;
    this.port = port;
    this.#bodies = bodies;
    this.#topics = new ThreadTopics(this.line, blocks, port);
  }

  get ready(): boolean {
    return this.readySince !== undefined;
  }

  /** It has taken at least one request. */
  get worked(): boolean {
    return this.line.current !== 0 || this.line.outbound.traffic !== 0;
  }

  /** It loads the application. @param late called whenever that has taken so many milliseconds more. */
  loads(milliseconds: number, late: (milliseconds: number) => void): void {
    this.#loading = setInterval(() => late(performance.now() - this.#began), milliseconds).unref();
  }

  /** Returns the milliseconds that it has taken. */
  stopLoading(): number {
    clearInterval(this.#loading);
    return performance.now() - this.#began;
  }

  /** Sends a frame, now or when there is room. @param block that has the bytes already. */
  post(type: number, flags: number, id: number, text: string, bytes?: Uint8Array, block = NONE): void {
    if (this.dropped) return;
    if (this.#waiting.length > 0 || !this.line.inbound.push(type, flags, id, text, bytes, block)) {
      this.#waiting.push([type, flags, id, text, bytes, block]);
      this.#postWaiting();
    }
    this.line.wake();
  }

  /** Sends bytes of a request body, which have their memory for themselves: it is the thread's then. */
  move(id: number, { buffer }: Buffer): void {
    if (this.dropped) return;
    this.#bodies?.postMessage(buffer, [buffer as ArrayBuffer]);
    this.post(TO_THREAD.movedBody, 0, id, '');
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

  /** Resolves when nothing waits for room, or the thread takes no part any more. */
  room(): Promise<void> | undefined {
    if (this.#waiting.length === 0 || this.dropped) return undefined;
    return new Promise((resolve) => this.#onRoom.push(resolve));
  }

  /**
   * Reads what the thread has sent. No client delays that: what one has not taken waits with its connection.
   * @param requestOf the request that a frame belongs to.
   * @param outside takes what belongs to none.
   */
  drain(requestOf: (id: number) => ThreadRequest | undefined, outside?: OutsideFrames): void {
    if (this.dropped) return;
    this.#postWaiting();
    const frame = this.#frame;
    let read = false;
    let last: ThreadRequest | undefined;
    while (this.line.outbound.shift(frame)) {
      read = true;
      if (frame.block !== NONE) {
        this.blocks.claim(frame.block);
        frame.bytes = this.blocks.view(frame.block, frame.length);
      }
      const request = requestOf(frame.id);
      if (request !== last) last?.flush();
      last = request;
      if (isForTopics(frame.type)) this.#topics.take(frame, request);
      else if (frame.id === 0 && outside !== undefined) outside.take(frame);
      else if (request === undefined) this.discard(frame);
      else request.take(frame, this);
    }
    last?.flush();
    if (read) this.line.madeRoom();
  }

  /** What a frame brings goes to no client. */
  discard(frame: Frame): void {
    if (frame.block !== NONE) this.blocks.free(frame.block);
    if (isCharged(frame.type)) this.line.settle(costOf(frame.length));
  }

  /** It takes no part any more: what it has not read is given up. */
  drop(): void {
    this.dropped = true;
    this.#topics.end();
    this.#waiting = [];
    this.#release();
  }

  /**
   * Ends it, whatever it is doing. Resolves when it has ended, or is known to be stuck.
   * @param gently it was asked to end by itself.
   */
  async end(gently?: Patience): Promise<void> {
    if (this.exited) return;
    const { worker } = this;
    if (gently !== undefined) {
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      const { grace, cut } = gently;
      if (cut !== undefined) await inTime(Promise.race([exited, cut]), grace);
      if (await inTime(exited, GRACE_MS)) return;
    }
    if (!ending.has(this)) this.#watchExit();
    if (await inTime(worker.terminate(), STUCK_MS)) return;
    // The process need not wait for it.
    worker.unref();
    if (!this.#reported) {
      logger.critical('A thread cannot be ended: it is in a system call that blocks (a FIFO, execSync)');
    }
    this.#reported = true;
  }

  /** It has ended: its part of the memory that all threads share is free again. */
  ended(): void {
    this.exited = true;
    this.#topics.end();
    this.blocks.release(this.id);
  }

  #watchExit(): void {
    if (ending.size === 0) process.on('exit', killProcess);
    ending.add(this);
    this.worker.once('exit', () => {
      ending.delete(this);
      if (ending.size === 0) process.removeListener('exit', killProcess);
    });
  }

  #postWaiting(): void {
    if (this.#waiting.length === 0) return;
    // First: the thread may read everything between a try and the request to be told of room.
    this.line.wantRoom();
    let sent = 0;
    for (const frame of this.#waiting) {
      if (!this.line.inbound.push(...frame)) break;
      sent++;
    }
    if (sent === 0) return;
    this.#waiting.splice(0, sent);
    this.line.wake();
    if (this.#waiting.length === 0) this.#release();
  }

  #release(): void {
    for (const resolve of this.#onRoom.splice(0)) resolve();
  }
}

/** Milliseconds that an idle thread has at least to end by itself. */
const GRACE_MS = 1000;
/** Milliseconds after which a thread that was told to end by force is taken for stuck: a busy machine takes its time. */
const STUCK_MS = 5000;

/** Threads that were told to end by force, and have not ended. */
const ending = new Set<PooledThread>();

/** Node waits for its threads when it exits: for one in a system call that blocks, for ever. */
function killProcess(): void {
  process.kill(process.pid, 'SIGKILL');
}
