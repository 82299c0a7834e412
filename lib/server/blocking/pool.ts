/** The threads that run handlers which block, and the requests that wait for one of them. */
import { ApplicationError, ConfigError } from '../../errors.js';
import { describeThrown, logger } from '../../logger.js';
import { report } from '../report.js';
import { describeLoadError } from './load-error.js';
import { PooledThread } from './pooled-thread.js';
import type { RemoteRunner } from './remote-runner.js';
import { RequestQueue } from './request-queue.js';
import { Respawn } from './respawn.js';
import { startWorker } from './start-worker.js';
import {
  THREAD_KIND,
  type ThreadData,
  type ThreadEntry,
  type ThreadOptions,
  type ThreadReport,
} from './thread-data.js';
import { endThread } from './thread-end.js';
import { ThreadWatch } from './thread-watch.js';

export interface PoolSettings {
  readonly threads: number;
  /** As many requests may wait while all threads are busy. */
  readonly backlog: number;
  /** Milliseconds that a handler may run without a byte in or out; 0 for ever. */
  readonly timeout: number;
  readonly entry: ThreadEntry;
  readonly options: ThreadOptions;
  /** No thread can load the application any more. */
  readonly onFatal: (error: ConfigError) => void;
}

export class ThreadPool {
  readonly report = report;
  /** Resolves when the first thread has the application; rejects with a ConfigError if it cannot be loaded. */
  readonly ready: Promise<void>;
  readonly #settings: PoolSettings;
  readonly #queue = new RequestQueue();
  readonly #threads: PooledThread[] = [];
  readonly #respawn = new Respawn();
  readonly #watch: ThreadWatch;
  /** All that were submitted and are not over, by their id. */
  readonly #running = new Map<number, RemoteRunner>();
  /** Those that found no slot in the queue. */
  readonly #waiting = new Set<RemoteRunner>();
  #lastId = 0;
  #lastSerial = 0;
  #wakes = false;
  #recheck: NodeJS.Timeout | undefined;
  #closing = false;
  #everReady = false;
  #settle: { resolve(): void; reject(error: ConfigError): void } | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever started the pool asks; until then nobody else should hear of it.
    this.ready.catch(() => undefined);
    this.#watch = new ThreadWatch(settings.timeout, this.#threads, (id) => this.#running.get(id), this.#kill);
    for (let index = 0; index < settings.threads; index++) this.#spawn(index);
    this.#listen();
  }

  /** Queues a request. False if too many wait. */
  submit(runner: RemoteRunner): boolean {
    const { threads, backlog } = this.#settings;
    if (this.#running.size >= threads + backlog || this.#closing) return false;
    runner.id = this.#nextId();
    this.#running.set(runner.id, runner);
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
      else if (this.#running.has(runner.id)) setImmediate(tell);
    };
    tell();
    return false;
  }

  /** The thread that has a request; undefined if none has. */
  threadOf(runner: RemoteRunner): PooledThread | undefined {
    return this.#threads.find(({ line, dropped }) => !dropped && line.current === runner.id);
  }

  /** A thread is through with a request. */
  forget(runner: RemoteRunner): void {
    this.#running.delete(runner.id);
  }

  /** Lets the threads end; those that do not are ended. To be called when all requests are over. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#respawn.stop();
    this.#watch.stop();
    clearTimeout(this.#recheck);
    this.#queue.stop();
    for (const { line } of this.#threads) line.ring();
    await Promise.all(this.#threads.map((thread) => endThread(thread, true)));
    this.#failAll(new ApplicationError('The server stopped'));
    // Whoever waits at the doorbell goes home.
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
    if (!this.#closing) this.#wakeThreads();
  };

  /** Waits at the doorbell, and reads what the threads have sent. */
  readonly #listen = (): void => {
    if (this.#closing && this.#threads.every(({ exited }) => exited)) return;
    const seen = this.#queue.rings;
    this.#drain();
    const rung = this.#queue.await(seen);
    if (rung === undefined) setImmediate(this.#listen);
    else rung.then(this.#listen);
  };

  readonly #drain = (): void => {
    for (const thread of this.#threads) thread.drain(this.#runnerOf, this.#drain);
    if (this.#waiting.size === 0) return;
    for (const runner of this.#waiting) {
      if (!this.#put(runner)) break;
      this.#waiting.delete(runner);
    }
    this.#wakeThreads();
  };

  readonly #runnerOf = (id: number): RemoteRunner | undefined => this.#running.get(id);

  // The threads

  #spawn(index: number): void {
    const { entry, options } = this.#settings;
    const serial = ++this.#lastSerial;
    const thread = new PooledThread(index, serial, (line) => {
      const data: ThreadData = {
        kind: THREAD_KIND,
        serial,
        entry,
        queue: this.#queue.memory,
        line,
        options,
        logLevel: logger.level,
      };
      return startWorker(data);
    });
    this.#threads[index] = thread;
    let failure: unknown;
    thread.worker.on('message', (message: ThreadReport) => {
      if ('ready' in message) this.#threadReady(thread);
      else this.#loadFailed(thread, message.failed);
    });
    thread.worker.on('error', (error) => {
      failure = error;
    });
    thread.worker.once('exit', (code) => {
      thread.exited = true;
      if (thread.dropped) this.#putBack(thread);
      else if (thread.ready) this.#threadEnded(thread, code, failure);
      else if (failure !== undefined) this.#loadFailed(thread, describeLoadError(failure));
      else this.#loadFailed(thread, nothingAttached(entry, code));
    });
  }

  #threadReady(thread: PooledThread): void {
    thread.ready = true;
    this.#respawn.succeeded(thread.index);
    this.#everReady = true;
    this.#settle?.resolve();
  }

  /** One message, and no more of them: what could not be loaded now will not load in a moment. */
  #loadFailed(thread: PooledThread, why: string): void {
    if (this.#closing || thread.dropped) return;
    thread.drop();
    thread.worker.terminate();
    const error = new ConfigError(`The application could not be loaded in a thread: ${why}`);
    // Others have it, or may still come to have it.
    if (this.#everReady && this.#threads.some(({ dropped }) => !dropped)) {
      logger.error(error.message);
      this.#replace(thread, true);
      return;
    }
    this.#closing = true;
    this.#respawn.stop();
    for (const other of this.#threads) other.worker.terminate();
    this.#failAll(new ApplicationError('No thread has the application any more'));
    if (this.#everReady) this.#settings.onFatal(error);
    else this.#settle?.reject(error);
  }

  /** By itself: an error that nobody caught, `process.exit()`, or no memory left. */
  #threadEnded(thread: PooledThread, code: number, failure: unknown): void {
    // Answers that it had given still go out.
    const finish = () => {
      thread.drain(this.#runnerOf, finish);
      if (thread.paused || thread.dropped) return;
      // A request that it was about to take can go to another one.
      const id = thread.line.current;
      const claimed = this.#queue.release(thread.serial);
      if (id === 0 && claimed !== undefined) this.#again(claimed);
      const how = failure === undefined ? `it called process.exit(${code})` : describeThrown(failure);
      this.#drop(thread, id, `The thread ended: ${how}`);
      this.#replace(thread, true);
    };
    finish();
  }

  readonly #kill = (thread: PooledThread, id: number, why: string): void => {
    // It may be through with it since, and have begun with the next one.
    if (this.#closing || !thread.line.retire(id)) return;
    this.#drop(thread, id, `${why}: its thread was ended`);
    void endThread(thread, false);
    this.#replace(thread, false);
  };

  /** What the thread had fails. */
  #drop(thread: PooledThread, id: number, why: string): void {
    const runner = this.#running.get(id);
    thread.drop();
    if (this.#closing) return;
    if (runner === undefined) {
      logger.error(why);
      return;
    }
    if (runner.over) logger.error(`${runner.name}, after its client had left: ${why}`);
    this.#running.delete(id);
    runner.fail(new ApplicationError(why));
    runner.left();
  }

  /** A thread that was ended by force had come to the next request in its last moment: that was not begun. */
  #putBack(thread: PooledThread): void {
    const claimed = this.#queue.release(thread.serial);
    const id = thread.line.current || claimed;
    if (id !== undefined) this.#again(id);
  }

  #again(id: number): void {
    const runner = this.#running.get(id);
    if (runner === undefined || this.#closing) return;
    if (!runner.over) this.#enqueue(runner);
    else {
      this.#running.delete(id);
      runner.left();
    }
  }

  /** @param failed it died by itself: what does so again and again is started less and less often. */
  #replace({ index }: PooledThread, failed: boolean): void {
    this.#respawn.schedule(index, failed, () => this.#spawn(index));
  }
}

/** "Unsettled Top-Level Await" (Node's exit codes). */
const UNSETTLED = 13;

/** Milliseconds after which threads are woken again if a request is still in the queue. */
const RECHECK_MS = 20;

function nothingAttached(entry: ThreadEntry, code: number): string {
  // Node's word for it: exit code 13.
  if (code === UNSETTLED) return 'an await at its top level never came to an end';
  if (code !== 0) return `it called process.exit(${code})`;
  const what = 'script' in entry ? entry.script : entry.target;
  return `${what} ended without calling run(). Each thread loads it anew, and run() has to be reached there as well`;
}
