/** The threads of a pool: started, replaced when they die, and ended. */
import { receiveMessageOnPort } from 'node:worker_threads';
import { ConfigError } from '../../../errors.js';
import { describeThrown, logger } from '../../../logger.js';
import { describeLoadError, type ThreadEntry, type ThreadReport } from '../shared/thread-data.js';
import { PooledThread } from './pooled-thread.js';
import { Respawn } from './respawn.js';
import { type StartData, startWorker } from './start-worker.js';
import { endThread, type Patience } from './thread-end.js';

/** What becomes of the requests, when something happens to the threads. */
export interface ThreadEvents {
  /** Reads what a thread has sent. */
  drain(thread: PooledThread): void;
  /** A thread died with this request. 0: it had none. */
  lost(id: number, why: string): void;
  /**
   * A thread ended: what it had claimed and not begun with goes to another one.
   * @param held a request that it was kept from; 0: none.
   * @returns whether it had claimed one.
   */
  putBack(thread: PooledThread, held: number): boolean;
  /** No thread has the application, and none came to have it in the time that it should take. */
  unserved(): void;
  /** The pool is of no use any more: no thread can load the application. */
  failed(): void;
}

export interface ThreadsSettings extends Omit<StartData, 'serial' | 'line'> {
  readonly threads: number;
  /** Milliseconds after which a client has waited for long; 0: never. */
  readonly timeout: number;
  readonly blocks: ConstructorParameters<typeof PooledThread>[2];
  /** No thread can load the application any more, and some could. */
  readonly onFatal: (error: ConfigError) => void;
}

export class PoolThreads {
  /** One for each place. */
  readonly all: PooledThread[] = [];
  /** Resolves when the first thread has the application; rejects with a ConfigError if it cannot be loaded. */
  readonly ready: Promise<void>;
  readonly #settings: ThreadsSettings;
  readonly #events: ThreadEvents;
  readonly #respawn = new Respawn();
  /** Ends that are under way. */
  readonly #ends = new Set<Promise<void>>();
  #lastSerial = 0;
  #closing = false;
  #everReady = false;
  /** Milliseconds that the slowest of them took to load the application. */
  #slowestLoad = 0;
  #settle: { resolve(): void; reject(error: ConfigError): void } | undefined;

  constructor(settings: ThreadsSettings, events: ThreadEvents) {
    this.#settings = settings;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // The caller of the pool waits for it; until then nobody else should hear of it.
    this.ready.catch(() => undefined);
    for (let index = 0; index < settings.threads; index++) this.#spawn(index);
  }

  get closing(): boolean {
    return this.#closing;
  }

  giveUpLoading(): void {
    this.#settle?.reject(new ConfigError('The server was stopped before a thread had the application'));
  }

  /** Starts no more threads. */
  stop(): void {
    this.#closing = true;
    this.#respawn.stop();
    for (const thread of this.all) thread.stopLoading();
  }

  /**
   * Resolves when all threads ended, or are known to be stuck. To be called when they were told to.
   * @param grace milliseconds in which they may end by themselves, and a moment more.
   * @param cut settles when those are over.
   */
  async close(grace: number, cut: Promise<void> | undefined): Promise<void> {
    for (const thread of this.all) {
      if (thread.ready && !thread.dropped) this.#end(thread, { grace, cut });
      else this.#end(thread);
    }
    await Promise.all(this.#ends);
  }

  /** Ends a thread by force, and with it the request that it has. */
  kill(thread: PooledThread, id: number, why: string): void {
    // It may be through with it since, and have begun with the next one.
    if (this.#closing || !thread.line.retire(id)) return;
    thread.drop();
    this.#events.lost(id, `${why}: its thread was ended`);
    this.#end(thread);
    this.#replace(thread, false);
  }

  #end(thread: PooledThread, gently?: Patience): void {
    const end = endThread(thread, gently).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  #spawn(index: number): void {
    const { queue, blocks, entry, options, logLevel, timeout } = this.#settings;
    const serial = ++this.#lastSerial;
    const thread = new PooledThread(index, serial, blocks, (line) =>
      startWorker({ serial, entry, queue, line, options, logLevel }, blocks.memory),
    );
    this.all[index] = thread;
    let failure: unknown;
    const { worker, port } = thread;
    const hear = (report: ThreadReport) => {
      if ('ready' in report) this.#threadReady(thread);
      else this.#loadFailed(thread, report.failed);
    };
    port.on('message', hear);
    const late = Math.max(timeout || LOAD_MS, LEAST_MS);
    thread.loads(late, (milliseconds) => this.#loadsForLong(thread, milliseconds));
    worker.on('error', (error) => {
      failure = error;
    });
    worker.once('exit', (code) => {
      this.#events.drain(thread);
      thread.ended();
      // Its last word may not have been delivered yet.
      for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) {
        hear(last.message as ThreadReport);
      }
      port.close();
      if (thread.dropped) this.#events.putBack(thread, thread.line.current);
      else if (thread.ready) this.#threadEnded(thread, code, failure);
      else if (failure !== undefined) this.#loadFailed(thread, describeLoadError(failure));
      else this.#loadFailed(thread, nothingAttached(entry, code));
    });
  }

  #threadReady(thread: PooledThread): void {
    if (thread.dropped) return;
    this.#slowestLoad = Math.max(this.#slowestLoad, thread.stopLoading());
    thread.ready = true;
    this.#respawn.succeeded(thread.index);
    this.#everReady = true;
    this.#settle?.resolve();
  }

  /** One message, and no more of them: what could not be loaded now will not load in a moment. */
  #loadFailed(thread: PooledThread, why: string): void {
    if (this.#closing || thread.dropped) return;
    this.#dropLoading(thread);
    const error = new ConfigError(`The application could not be loaded in a thread: ${why}`);
    // Others have it, or may still come to have it.
    if (this.#everReady && this.all.some(({ dropped }) => !dropped)) {
      logger.error(error.message);
      this.#replace(thread, true);
      return;
    }
    this.#settle?.reject(error);
    this.stop();
    for (const other of this.all) this.#dropLoading(other);
    this.#events.failed();
    if (this.#everReady) this.#settings.onFatal(error);
  }

  /** The first threads may take as long as they like. One that replaces another loads what was loaded before. */
  #loadsForLong(thread: PooledThread, milliseconds: number): void {
    // Others took as long, or nearly so.
    if (milliseconds < this.#slowestLoad * LOADS) return;
    const hangs = this.#everReady && milliseconds >= LOAD_MS;
    const since = `A thread has been loading the application for ${Math.round(milliseconds / 1000)} s`;
    if (hangs) {
      logger.error(`${since}: it is ended, and another one is started`);
      this.#dropLoading(thread);
      this.#replace(thread, true);
    } else logger.warning(since);
    if (!this.all.some(({ ready, dropped }) => ready && !dropped)) this.#events.unserved();
  }

  #dropLoading(thread: PooledThread): void {
    thread.stopLoading();
    thread.drop();
    this.#end(thread);
  }

  /** By itself: an error that nobody caught, `process.exit()`, or no memory left. */
  #threadEnded(thread: PooledThread, code: number, failure: unknown): void {
    const how = failure === undefined ? `it called process.exit(${code})` : describeThrown(failure);
    const { current } = thread.line;
    thread.drop();
    const wasFree = this.#events.putBack(thread, 0) || current === 0;
    this.#events.lost(wasFree ? 0 : current, `The thread ended: ${how}`);
    this.#replace(thread, !thread.worked);
  }

  /** @param failed it died before it was of any use: what does so again and again is started less and less often. */
  #replace({ index }: PooledThread, failed: boolean): void {
    this.#respawn.schedule(index, failed, () => this.#spawn(index));
  }
}

/** Milliseconds after which a thread is taken for one that never loads the application, which others have loaded. */
const LOAD_MS = 30_000;

/** As long as this a thread may take in any case. */
const LEAST_MS = 5000;

/** It is late when it takes as many times as long as any before it: a busy machine is no fault. */
const LOADS = 5;

/** "Unsettled Top-Level Await" (Node's exit codes). */
const UNSETTLED = 13;

function nothingAttached(entry: ThreadEntry, code: number): string {
  if (code === UNSETTLED) return 'an await at its top level never came to an end';
  if (code !== 0) return `it called process.exit(${code})`;
  const what = 'script' in entry ? entry.script : entry.target;
  return `${what} ended without calling run(). Each thread loads it again, and run() has to be reached there as well`;
}
