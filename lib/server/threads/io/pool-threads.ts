/** The threads of a pool: started, replaced when they end, and ended with the pool. */
import { receiveMessageOnPort } from 'node:worker_threads';
import { ConfigError } from '../../../errors.js';
import { describeThrown, logger } from '../../../logger.js';
import type { Blocks } from '../shared/blocks.js';
import { describeLoadError, type ThreadReport } from '../shared/thread-data.js';
import { type Patience, PooledThread } from './pooled-thread.js';
import type { OwnMemory, SharedMemory, ThreadKind } from './thread-kind.js';

/** What becomes of the requests, when something happens to the threads. */
export interface ThreadEvents {
  /** Reads what a thread has sent. */
  drain(thread: PooledThread): void;
  /** A thread ended with this request. 0: it had none. */
  lost(id: number, why: string): void;
  /**
   * A thread ended: what it had claimed and not begun goes to another one.
   * @param held a request that it was kept from; 0: none.
   * @returns whether it had claimed one.
   */
  putBack(thread: PooledThread, held: number): boolean;
  /** No thread has the application, or had it in the time that loading should take. */
  unserved(): void;
  /**
   * No thread can load the application: the pool is of no use any more.
   * @param everReady some could.
   */
  failed(error: ConfigError, everReady: boolean): void;
  /** A thread that sleeps is to look around. */
  wakeAll(): void;
}

export interface ThreadsPlan {
  readonly kind: ThreadKind;
  readonly count: number;
  /** Seconds that a handler may take; 0: as long as it likes. */
  readonly timeout: number;
  readonly memory: Omit<SharedMemory, keyof OwnMemory>;
}

const FAILURE = 'The application could not be loaded in a thread';

/** Milliseconds after which a thread is said to hang while it loads what others have loaded. */
const LOAD_MS = 30_000;
/** A thread may take this long in any case. */
const LEAST_LOAD_MS = 5000;
/** It is late when it takes this many times as long as the slowest before it: a busy machine is not a fault. */
const LOADS = 5;

/** Milliseconds before a thread is replaced that failed twice in its place; then twice as many each time. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** A thread that has worked for this long makes up for those that failed before it. */
const STABLE_MS = 10_000;

/** Milliseconds that the request of a thread may take when another one has its place. */
const LEAVE_MS = 30_000;

/** For a thread that loads what another one could not load. */
const FAILS_TOO: Patience = { grace: 4000, cut: new Promise(() => {}) };

export class PoolThreads {
  /** One for each place, and those that are about to leave theirs, or to take one. */
  readonly all: PooledThread[] = [];
  /** Resolves when the first thread has the application; rejects with a ConfigError if it cannot be loaded. */
  readonly ready: Promise<void>;
  /** No more threads are started. */
  closing = false;
  /** How many were started in place of one that ended. */
  restarts = 0;
  readonly #plan: ThreadsPlan;
  readonly #blocks: Blocks;
  readonly #events: ThreadEvents;
  /** For each place: how many failed there, one after the other, and the timer for the next one. */
  readonly #failures: number[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  /** Settle when threads that were told to end have ended. */
  readonly #ends = new Set<Promise<void>>();
  /** Told to end because another one could not load the application, which they cannot either, as a rule. */
  readonly #endingAlone = new Set<PooledThread>();
  #everReady = false;
  /** Milliseconds that the slowest of them took to load the application. */
  #slowestLoad = 0;
  #settle: { resolve(): void; reject(error: ConfigError): void } | undefined;

  constructor(plan: ThreadsPlan, blocks: Blocks, events: ThreadEvents) {
    this.#plan = plan;
    this.#blocks = blocks;
    this.#events = events;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // The caller of the pool awaits it later; until then it is not an unhandled rejection.
    this.ready.catch(() => undefined);
  }

  start(): void {
    if (this.closing) return;
    const { kind, count } = this.#plan;
    for (let index = 0; index < (kind.firstAlone === true ? 1 : count); index++) this.#spawn(index);
  }

  giveUpLoading(): void {
    this.#settle?.reject(new ConfigError('The server was stopped before a thread had the application'));
  }

  stop(): void {
    this.closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    for (const thread of this.all) thread.stopLoading();
  }

  /**
   * Resolves when all threads have ended, or are known to be stuck. To be called when they were told to end.
   * @param grace milliseconds in which they may end by themselves, and a moment more.
   * @param cut settles when that time is over.
   */
  async close(grace: number, cut: Promise<void> | undefined): Promise<void> {
    for (const thread of this.all) {
      if (this.#endingAlone.has(thread)) continue;
      this.#end(thread, thread.ready && !thread.dropped ? { grace, cut } : undefined);
    }
    await Promise.all(this.#ends);
  }

  /** Ends a thread by force, and with it the request that it has. */
  kill(thread: PooledThread, id: number, why: string): void {
    // It may have finished that since, and have begun the next one.
    if (this.closing || !thread.line.retire(id)) return;
    thread.drop();
    this.#events.lost(id, `${why}: its thread was ended`);
    this.#end(thread);
    if (!thread.leaving) this.#replace(thread, false);
  }

  #end(thread: PooledThread, gently?: Patience): void {
    const end = thread.end(gently).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
  }

  #spawn(index: number, replaces?: PooledThread): void {
    const { kind, memory, timeout } = this.#plan;
    const thread = new PooledThread(index, (own) => kind.start({ ...memory, ...own }), this.#blocks);
    thread.replaces = replaces;
    const before = this.all.findIndex((one) => one.index === index && one.dropped);
    if (before === -1) this.all.push(thread);
    else this.all[before] = thread;
    let failure: unknown;
    const { worker, port } = thread;
    const onReport = (report: ThreadReport) => {
      if ('ready' in report) this.#threadReady(thread);
      else if ('failed' in report) {
        // What it printed before says more, and nobody may be there to read it later.
        this.#events.drain(thread);
        this.#loadFailed(thread, report.failed);
      } else if ('ended' in report) thread.how = report.ended;
      else if ('leaves' in report) this.#leaves(thread);
      else this.#succeed(thread);
    };
    port.on('message', onReport);
    const late = Math.max(timeout * 1000 || LOAD_MS, LEAST_LOAD_MS);
    thread.loads(late, (milliseconds) => this.#loadsForLong(thread, milliseconds));
    worker.on('error', (error) => {
      failure = error;
    });
    worker.once('exit', (code) => {
      this.#events.drain(thread);
      thread.ended();
      // Its last report may not have been delivered yet.
      for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) {
        onReport(last.message as ThreadReport);
      }
      port.close();
      if (thread.dropped) this.#events.putBack(thread, thread.line.current);
      else if (thread.ready) this.#threadEnded(thread, code, failure);
      else if (failure !== undefined) this.#loadFailed(thread, describeLoadError(failure));
      else this.#loadFailed(thread, thread.how ?? kind.unready(code));
    });
  }

  #threadReady(thread: PooledThread): void {
    if (thread.dropped) return;
    this.#slowestLoad = Math.max(this.#slowestLoad, thread.stopLoading());
    thread.readySince = performance.now();
    if (!this.#everReady && this.#plan.kind.firstAlone === true) {
      for (let index = 1; index < this.#plan.count; index++) this.#spawn(index);
    }
    this.#everReady = true;
    this.#settle?.resolve();
    const { replaces } = thread;
    thread.replaces = undefined;
    if (replaces !== undefined) this.#letGo(replaces);
  }

  /** Another one loads meanwhile. */
  #succeed(thread: PooledThread): void {
    if (this.closing || thread.dropped || thread.leaving) return;
    if (!this.all.some(({ replaces }) => replaces === thread)) this.#spawn(thread.index, thread);
  }

  /** It begins nothing more. */
  #leaves(thread: PooledThread): void {
    if (this.closing || thread.dropped || thread.leaving) return;
    this.#letGo(thread);
    this.#replace(thread, false);
  }

  #letGo(thread: PooledThread): void {
    thread.leaving = true;
    thread.line.leave();
    this.#events.wakeAll();
    const why = 'Another thread has taken the place of its own';
    thread.worker.once('exit', () => clearTimeout(late));
    const late = setTimeout(() => this.kill(thread, thread.line.current, why), LEAVE_MS).unref();
  }

  /** Where no thread has the application, that is not tried again: what could not be loaded will not load in a moment. */
  #loadFailed(thread: PooledThread, why: string): void {
    if (this.closing || thread.dropped) return;
    this.#dropLoading(thread);
    thread.replaces = undefined;
    const error = new ConfigError(`${this.#plan.kind.failure ?? FAILURE}: ${why}`);
    // Others have it, or may still come to have it.
    if (this.#everReady && this.all.some(({ dropped, leaving }) => !dropped && !leaving)) {
      logger.error(error.message);
      // Where it was to succeed another one, that one goes on.
      if (!this.#isTaken(thread)) this.#replace(thread, true);
      return;
    }
    this.#settle?.reject(error);
    this.stop();
    // They load the same, and end by themselves soon. V8 (seen in Node 22) ends the process with SIGTRAP where it is told to
    // end a thread in the moment in which that begins with a module that awaits.
    for (const other of this.all) {
      if (other !== thread && !other.dropped) this.#endingAlone.add(other);
      this.#dropLoading(other, this.#endingAlone.has(other) ? FAILS_TOO : undefined);
    }
    this.#events.failed(error, this.#everReady);
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

  #dropLoading(thread: PooledThread, gently?: Patience): void {
    thread.stopLoading();
    thread.drop();
    this.#end(thread, gently);
  }

  /** By itself: an uncaught error, `process.exit()`, or no memory left. */
  #threadEnded(thread: PooledThread, code: number, failure: unknown): void {
    const how =
      thread.how ?? (failure === undefined ? `it called process.exit(${code})` : describeThrown(failure));
    const { current } = thread.line;
    thread.drop();
    const wasFree = this.#events.putBack(thread, 0) || current === 0;
    // It left, as it was told.
    if (thread.leaving) this.all.splice(this.all.indexOf(thread), 1);
    if (!thread.leaving || !wasFree) this.#events.lost(wasFree ? 0 : current, `The thread ended: ${how}`);
    const successor = this.all.find(({ replaces }) => replaces === thread);
    if (successor !== undefined) successor.replaces = undefined;
    else if (!thread.leaving) this.#replace(thread, !thread.worked);
  }

  /** Another thread has its place. */
  #isTaken(thread: PooledThread): boolean {
    return this.all.some(
      (one) => one !== thread && one.index === thread.index && !one.dropped && !one.leaving,
    );
  }

  /**
   * Starts another thread in the place of one that ended.
   * @param failed it ended before it was of any use, and the next one may as well: that one is started later each time.
   *   Otherwise at once: however often a handler ends its thread, other clients are served.
   */
  #replace({ index, readySince }: PooledThread, failed: boolean): void {
    if (this.closing) return;
    let delay = 0;
    if (failed) {
      const lived = readySince === undefined ? 0 : performance.now() - readySince;
      const failures = lived >= STABLE_MS ? 0 : (this.#failures[index] ?? 0);
      if (failures > 0) delay = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS);
      this.#failures[index] = failures + 1;
    }
    this.restarts++;
    this.#timers[index] = setTimeout(() => this.#spawn(index), delay);
  }
}
