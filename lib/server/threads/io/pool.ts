/** The threads that run handlers which block, and the requests that wait for one of them. */
import { ApplicationError, type ConfigError, ServerBusy } from '../../../errors.js';
import { report } from '../../../interpreter/report.js';
import { logger } from '../../../logger.js';
import { Blocks } from '../shared/blocks.js';
import { RequestQueue } from '../shared/request-queue.js';
import type { ThreadEntry, ThreadOptions } from '../shared/thread-data.js';
import type { ThreadLine } from '../shared/thread-line.js';
import { Budget, Outflow } from './outflow.js';
import { PoolThreads, type ThreadEvents } from './pool-threads.js';
import type { PooledThread } from './pooled-thread.js';
import type { RemoteRunner } from './remote-runner.js';
import { ThreadWatch } from './thread-watch.js';
import { BusyWatch } from './watch.js';

export interface PoolSettings {
  readonly threads: number;
  /** As many requests may wait while all threads are busy. */
  readonly backlog: number;
  /** Milliseconds that a handler may run without a byte in or out; 0 for ever. */
  readonly timeout: number;
  /** Bytes of responses that may wait for slow clients. */
  readonly responseBuffer: number;
  readonly entry: ThreadEntry;
  readonly options: ThreadOptions;
  /** No thread can load the application any more. */
  readonly onFatal: (error: ConfigError) => void;
}

export class ThreadPool implements ThreadEvents {
  readonly report = report;
  readonly #settings: PoolSettings;
  readonly #queue = new RequestQueue();
  readonly #blocks: Blocks;
  readonly #budget: Budget;
  readonly #threads: PoolThreads;
  readonly #watch: ThreadWatch;
  readonly #busy: BusyWatch;
  /** All that were submitted and are not over, by their id. */
  readonly #running = new Map<number, RemoteRunner>();
  /** Those that found no slot in the queue. */
  readonly #waiting = new Set<RemoteRunner>();
  #lastId = 0;
  #wakes = false;
  #recheck: NodeJS.Timeout | undefined;

  constructor(settings: PoolSettings) {
    const { threads, timeout, responseBuffer, entry, options, onFatal } = settings;
    this.#settings = settings;
    this.#blocks = new Blocks(responseBuffer);
    this.#budget = new Budget(responseBuffer);
    const start = { queue: this.#queue.memory, blocks: this.#blocks, entry, options, logLevel: logger.level };
    this.#threads = new PoolThreads({ threads, timeout, onFatal, ...start }, this);
    this.#watch = new ThreadWatch(timeout, this.#threads, this.#runnerOf);
    this.#busy = new BusyWatch(this.#threads, threads, this.#running);
    this.#listen();
  }

  /** Resolves when the first thread has the application; rejects with a ConfigError if it cannot be loaded. */
  get ready(): Promise<void> {
    return this.#threads.ready;
  }

  /** What the thread with this line sends for a client. */
  outflow(line: ThreadLine): Outflow {
    return new Outflow(line, this.#blocks, this.#budget);
  }

  /** Queues a request. False if too many wait. */
  submit(runner: RemoteRunner): boolean {
    const { threads, backlog } = this.#settings;
    if (this.#running.size >= threads + backlog || this.#threads.closing) return false;
    runner.id = this.#nextId();
    this.#running.set(runner.id, runner);
    if (this.overloaded) this.#busy.overloaded();
    this.#enqueue(runner);
    return true;
  }

  #enqueue(runner: RemoteRunner): void {
    if (this.#waiting.size > 0 || !this.#put(runner)) this.#waiting.add(runner);
    // All requests of this turn wake the threads together.
    if (!this.#wakes) setImmediate(this.#wake);
    this.#wakes = true;
  }

  /** There are more requests than threads: some wait for longer than it takes to wake a thread. */
  get overloaded(): boolean {
    return this.#running.size > this.#settings.threads;
  }

  /** Takes a request back that no thread has. False if one has. */
  withdraw(runner: RemoteRunner): boolean {
    if (!this.#waiting.delete(runner) && !this.#queue.cancel(runner.slot, runner.id)) return false;
    this.#running.delete(runner.id);
    return true;
  }

  /** The client of a request is gone. True if no thread has it, nor will. */
  abandon(runner: RemoteRunner): boolean {
    if (this.withdraw(runner)) return true;
    const tell = () => {
      const thread = this.threadOf(runner);
      if (thread !== undefined) thread.line.clientGone(runner.id);
      // It was claimed a moment ago, and the thread has not said so.
      else if (this.#running.has(runner.id)) setTimeout(tell, CLAIM_MS);
    };
    tell();
    return false;
  }

  /** The thread that has a request; undefined if none has. */
  threadOf(runner: RemoteRunner): PooledThread | undefined {
    return this.#threads.all.find(({ line, dropped }) => !dropped && line.current === runner.id);
  }

  /** A thread is through with a request. */
  forget(runner: RemoteRunner): void {
    this.#running.delete(runner.id);
  }

  /** No longer waits for a first thread: `ready` settles. */
  giveUpLoading(): void {
    this.#threads.giveUpLoading();
  }

  /**
   * Lets the threads end; those that do not are ended. To be called when all requests are over.
   * @param grace milliseconds for handlers that go on although their clients have left.
   * @param cut settles when nothing is to be waited for any more.
   */
  async close(grace = 0, cut?: Promise<void>): Promise<void> {
    this.#threads.stop();
    this.#watch.stop();
    this.#busy.stop();
    clearTimeout(this.#recheck);
    this.#queue.stop();
    for (const { line } of this.#threads.all) line.ring();
    await this.#threads.close(grace, cut);
    this.#failAll(new ApplicationError('The server stopped'));
    // Wakes the listener so that it can exit.
    this.#queue.ring();
  }

  #failAll(error: Error): void {
    for (const runner of this.#running.values()) runner.fail(error);
    this.#running.clear();
    this.#waiting.clear();
  }

  #nextId(): number {
    // 0 is none, and words of shared memory have 32 bits.
    do this.#lastId = (this.#lastId + 1) & 0x7fffffff;
    while (this.#lastId === 0 || this.#running.has(this.#lastId));
    return this.#lastId;
  }

  #put(runner: RemoteRunner): boolean {
    runner.slot = this.#queue.put(runner.id, runner.flags, runner.encode(), runner.whole);
    return runner.slot !== -1;
  }

  readonly #wake = (): void => {
    this.#wakes = false;
    this.#wakeThreads();
  };

  /** Who was woken may be ended, or held up by a timer of its application, before it claims anything. */
  #wakeThreads(): void {
    this.#queue.wake();
    if (this.#queue.busy) this.#recheck ??= setTimeout(this.#wakeAgain, RECHECK_MS).unref();
  }

  readonly #wakeAgain = (): void => {
    this.#recheck = undefined;
    if (!this.#threads.closing) this.#wakeThreads();
  };

  /** Waits at the doorbell, and reads what the threads have sent. */
  readonly #listen = (): void => {
    if (this.#threads.closing && this.#threads.all.every(({ exited }) => exited)) return;
    const seen = this.#queue.rings;
    this.#drain();
    const rung = this.#queue.await(seen);
    if (rung === undefined) setImmediate(this.#listen);
    else rung.then(this.#listen);
  };

  drain(thread: PooledThread): void {
    thread.drain(this.#runnerOf);
  }

  readonly #drain = (): void => {
    for (const thread of this.#threads.all) this.drain(thread);
    if (this.#waiting.size === 0) return;
    for (const runner of this.#waiting) {
      if (!this.#put(runner)) break;
      this.#waiting.delete(runner);
    }
    this.#wakeThreads();
  };

  readonly #runnerOf = (id: number): RemoteRunner | undefined => this.#running.get(id);

  // ThreadEvents

  /** The request fails whose thread is no more. */
  lost(id: number, why: string): void {
    if (this.#threads.closing) return;
    const runner = this.#running.get(id);
    if (runner === undefined) {
      logger.error(why);
      return;
    }
    if (runner.over) logger.error(runner.log.describe(`${why}, after its client had left`));
    this.#running.delete(id);
    runner.fail(new ApplicationError(why));
    runner.left();
  }

  putBack(thread: PooledThread, held: number): boolean {
    const claimed = this.#queue.release(thread.serial);
    const runner = this.#running.get(held || (claimed ?? 0));
    if (runner !== undefined && !this.#threads.closing) this.#again(runner);
    return claimed !== undefined;
  }

  #again(runner: RemoteRunner): void {
    if (!runner.over) this.#enqueue(runner);
    else {
      this.#running.delete(runner.id);
      runner.left();
    }
  }

  /** Those that wait have waited for long, and nothing tells for how long they would. */
  unserved(): void {
    for (const runner of this.#running.values()) {
      if (this.withdraw(runner)) runner.fail(new ServerBusy());
    }
  }

  failed(): void {
    this.#failAll(new ApplicationError('No thread has the application any more'));
  }
}

/** Milliseconds in which a free thread takes a request. */
export const CLAIM_MS = 5;

/** Milliseconds after which threads are woken again if a request is still in the queue. */
const RECHECK_MS = 20;
