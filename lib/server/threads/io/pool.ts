/**
 * The threads that run handlers which block, and the requests that wait for one of them. How a request ends:
 *
 * | while it            | this happens                              | and then it is                             |
 * |---------------------|-------------------------------------------|--------------------------------------------|
 * | waits for a thread  | its client closes: `abandon`              | over and done                              |
 * |                     | no thread comes in time, or a stop: `fail`| over and done, with 503 or 500             |
 * | is with a thread    | the thread has finished: `done`           | over and done                              |
 * |                     | its client closes: `abandon`              | over; done once the thread has finished    |
 * |                     | the thread ends: `lost`                   | over and done, with 500 or a visible cut   |
 *
 * Over: nothing more goes to its client. Done: no thread has anything to do for it. A stop waits until all are done.
 */
import { ApplicationError, type ConfigError, ServerBusy } from '../../../errors.js';
import { logger } from '../../../logger.js';
import { Blocks } from '../shared/blocks.js';
import { RequestQueue } from '../shared/request-queue.js';
import type { ThreadOptions } from '../shared/thread-data.js';
import type { ThreadLine } from '../shared/thread-line.js';
import { Budget, Outflow } from './outflow.js';
import { PoolThreads, type ThreadEvents } from './pool-threads.js';
import type { PooledThread, ThreadRequest } from './pooled-thread.js';
import { RequestTable } from './request-table.js';
import type { OutsideFrames, ThreadKind } from './thread-kind.js';
import { BusyWatch, StuckWatch, type WatchedRequest } from './watch.js';

/** A request that a thread is to answer. */
export interface PoolRequest extends ThreadRequest, WatchedRequest {
  /** 0 until it is queued. */
  id: number;
  /** In the shared queue; -1: it waits for one. */
  slot: number;
  /** HAS_BODY, WHOLE_BODY. */
  readonly flags: number;
  /** A body that goes to the thread with the head. */
  readonly whole: Buffer | undefined;
  /** Nothing more goes to its client. */
  readonly over: boolean;
  describe(message: string): string;
  /** The request head as it goes to a thread. */
  encode(): string;
  /** Answers with an error, or cuts the response. */
  fail(error: unknown): void;
  /** No thread has anything to do for it. */
  done(): void;
}

export type PoolOptions = Pick<ThreadOptions, 'threads' | 'timeout' | 'backlogRequests' | 'responseBuffer'>;

/** What the threads do at the moment. */
export interface PoolLoad {
  readonly busy: number;
  readonly free: number;
  /** They load the application, or are not started again yet. */
  readonly starting: number;
  /** How many were started in place of one that ended. */
  readonly restarts: number;
  /** Requests that wait for a thread. */
  readonly queue: number;
}

/** Milliseconds in which a free thread takes a request. */
export const CLAIM_MS = 5;

/**
 * Milliseconds after which more threads are woken if a request is still in the queue, twice as many each time. First only
 * one is: it takes many short requests in a row, which costs less than to wake a thread for each (an eighth less CPU with
 * four threads).
 */
const WAKE_MORE_MS = 1;

/** And after which all are woken again. */
const RECHECK_MS = 20;

export class ThreadPool implements ThreadEvents {
  readonly #options: PoolOptions;
  /** No thread can load the application any more. */
  readonly #onFatal: (error: ConfigError) => void;
  readonly #queue: RequestQueue;
  readonly #blocks: Blocks;
  readonly #budget: Budget;
  readonly #threads: PoolThreads;
  readonly #stuck: StuckWatch;
  readonly #busy: BusyWatch;
  readonly #outside: OutsideFrames | undefined;
  /** All that were submitted and are not done. */
  readonly #running = new RequestTable<PoolRequest>();
  /** Those that found no slot in the queue. */
  readonly #waiting = new Set<PoolRequest>();
  #wakes = false;
  #recheck: NodeJS.Timeout | undefined;
  /** As many are woken then. */
  #wakesNext = 1;

  constructor(kind: ThreadKind, options: PoolOptions, onFatal: (error: ConfigError) => void) {
    this.#options = options;
    this.#onFatal = onFatal;
    this.#queue = new RequestQueue(options.threads);
    this.#blocks = new Blocks(options.responseBuffer);
    this.#budget = new Budget(options.responseBuffer);
    this.#outside = kind.outside;
    const memory = { queue: this.#queue.memory, blocks: this.#blocks.memory };
    const plan = { kind, memory, count: options.threads, timeout: options.timeout };
    this.#threads = new PoolThreads(plan, this.#blocks, this);
    this.#stuck = new StuckWatch(options.timeout, this.#threads, this.#running);
    this.#busy = new BusyWatch(this.#threads, options.threads, this.#running);
    this.#listen();
  }

  /** The threads load the application. */
  start(): void {
    this.#threads.start();
  }

  /** Resolves when the first thread has the application; rejects with a ConfigError if it cannot be loaded. */
  get ready(): Promise<void> {
    return this.#threads.ready;
  }

  /** For what the thread with this line sends to a client. */
  outflow(line: ThreadLine): Outflow {
    return new Outflow(line, this.#blocks, this.#budget);
  }

  /** Queues a request. False if too many wait. */
  submit(request: PoolRequest): boolean {
    const { threads, backlogRequests } = this.#options;
    if (this.#running.size >= threads + backlogRequests || this.#threads.closing) return false;
    this.#running.add(request);
    if (this.overloaded) this.#busy.overloaded();
    this.#enqueue(request);
    return true;
  }

  #enqueue(request: PoolRequest): void {
    if (this.#waiting.size > 0 || !this.#put(request)) this.#waiting.add(request);
    // All requests of this turn wake the threads together.
    if (!this.#wakes) setImmediate(this.#wake);
    this.#wakes = true;
  }

  /** There are more requests than threads: some wait for longer than it takes to wake a thread. */
  get overloaded(): boolean {
    return this.#running.size > this.#options.threads;
  }

  get load(): PoolLoad {
    const serving = this.#threads.all.filter(({ ready, dropped }) => ready && !dropped);
    const busy = serving.filter(({ line }) => line.current !== 0).length;
    const free = serving.length - busy;
    const starting = Math.max(0, this.#options.threads - serving.length);
    const { restarts } = this.#threads;
    return { busy, free, starting, restarts, queue: Math.max(0, this.#running.size - busy) };
  }

  /** All that are not done, the oldest first. */
  get requests(): readonly PoolRequest[] {
    return this.#running.values();
  }

  /** Takes back a request that no thread has, which is then done. False if one has it. */
  withdraw(request: PoolRequest): boolean {
    if (!this.#waiting.delete(request) && !this.#queue.cancel(request.slot, request.id)) return false;
    this.#running.delete(request.id);
    return true;
  }

  /** The client of a request closed the connection. False if a thread has the request, and is told. */
  abandon(request: PoolRequest): boolean {
    if (this.withdraw(request)) return true;
    const tell = () => {
      const thread = this.threadOf(request);
      if (thread !== undefined) thread.line.tellClientClosed(request.id);
      // It was claimed a moment ago, and the thread has not said so.
      else if (this.#running.get(request.id) !== undefined) setTimeout(tell, CLAIM_MS);
    };
    tell();
    return false;
  }

  /** The thread that has a request; undefined if none has. */
  threadOf(request: PoolRequest): PooledThread | undefined {
    return this.#threads.all.find(({ line, dropped }) => !dropped && line.current === request.id);
  }

  /** A thread has finished with a request. */
  done(request: PoolRequest): void {
    this.#running.delete(request.id);
  }

  /** Waits no longer for a first thread: `ready` settles. */
  giveUpLoading(): void {
    this.#threads.giveUpLoading();
  }

  /**
   * Lets the threads end, and ends those that do not. To be called when all requests are over.
   * @param grace milliseconds for handlers that go on although their clients have closed.
   * @param cut settles when that time is over.
   */
  async close(grace = 0, cut?: Promise<void>): Promise<void> {
    this.#threads.stop();
    this.#stuck.stop();
    this.#busy.stop();
    clearTimeout(this.#recheck);
    this.#queue.stop();
    for (const { line } of this.#threads.all) line.wake();
    await this.#threads.close(grace, cut);
    this.#failAll(new ApplicationError('The server stopped'));
    // Wakes the listener so that it can exit.
    this.#queue.bell.ring();
  }

  #failAll(error: Error): void {
    for (const request of this.#running.values()) {
      request.fail(error);
      // One whose client has left cannot fail.
      request.done();
    }
    this.#running.clear();
    this.#waiting.clear();
  }

  #put(request: PoolRequest): boolean {
    request.slot = this.#queue.put(request.id, request.flags, request.encode(), request.whole);
    return request.slot !== -1;
  }

  readonly #wake = (): void => {
    this.#wakes = false;
    if (!this.#queue.wake(1)) return;
    if (this.#wokeAll) clearTimeout(this.#recheck);
    else if (this.#recheck !== undefined) return;
    this.#wakesNext = 1;
    this.#recheckIn(WAKE_MORE_MS);
  };

  /** All threads that were idle, and nothing was queued since. */
  get #wokeAll(): boolean {
    return this.#wakesNext > this.#options.threads;
  }

  /** A thread that was woken may be ended, or busy with a timer of its application, before it claims anything. */
  readonly #wakeMore = (): void => {
    this.#recheck = undefined;
    if (this.#threads.closing || !this.#queue.wake(this.#wakesNext)) return;
    this.#wakesNext *= 2;
    if (this.#wokeAll) this.#queue.wakeAll();
    this.#recheckIn(this.#wokeAll ? RECHECK_MS : WAKE_MORE_MS);
  };

  #recheckIn(milliseconds: number): void {
    this.#recheck = setTimeout(this.#wakeMore, milliseconds).unref();
  }

  /** Reads what the threads have sent, and waits until one has sent more. */
  readonly #listen = (): void => {
    if (this.#threads.closing && this.#threads.all.every(({ exited }) => exited)) return;
    const seen = this.#queue.bell.count;
    this.#drain();
    const notified = this.#queue.bell.wait(seen);
    if (notified === undefined) setImmediate(this.#listen);
    else notified.then(this.#listen);
  };

  #drain(): void {
    for (const thread of this.#threads.all) this.drain(thread);
    if (this.#waiting.size === 0) return;
    for (const request of this.#waiting) {
      if (!this.#put(request)) break;
      this.#waiting.delete(request);
    }
    this.#wake();
  }

  readonly #requestOf = (id: number): PoolRequest | undefined => this.#running.get(id);

  // ThreadEvents

  drain(thread: PooledThread): void {
    thread.drain(this.#requestOf, this.#outside);
  }

  lost(id: number, why: string): void {
    if (this.#threads.closing) return;
    const request = this.#running.get(id);
    if (request === undefined) {
      logger.error(why);
      return;
    }
    if (request.over) logger.error(request.describe(`${why}, after its client had left`));
    this.#running.delete(id);
    request.fail(new ApplicationError(why));
    request.done();
  }

  putBack(thread: PooledThread, held: number): boolean {
    const claimed = this.#queue.release(thread.id);
    const request = this.#running.get(held || (claimed ?? 0));
    if (request !== undefined && !this.#threads.closing) {
      if (!request.over) this.#enqueue(request);
      else {
        this.#running.delete(request.id);
        request.done();
      }
    }
    return claimed !== undefined;
  }

  wakeAll(): void {
    this.#queue.wakeAll();
  }

  /** Those that wait have waited for long, and it is not known for how long they still would. */
  unserved(): void {
    for (const request of this.#running.values()) {
      if (this.withdraw(request)) request.fail(new ServerBusy());
    }
  }

  failed(error: ConfigError, everReady: boolean): void {
    this.#failAll(new ApplicationError('No thread has the application any more'));
    if (everReady) this.#onFatal(error);
  }
}
