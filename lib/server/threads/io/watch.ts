/** What the pool watches: handlers that run for too long, and requests that wait because all threads are busy. */
import { logger } from '../../../logger.js';
import { RUNS } from '../shared/thread-line.js';
import type { PoolThreads } from './pool-threads.js';
import type { PooledThread } from './pooled-thread.js';

/** A request that has a thread, or waits for one. */
export interface WatchedRequest {
  readonly id: number;
  /** It has an open WebSocket: it may take as long as it likes. */
  readonly isConversation: boolean;
  /** When it came: milliseconds since the epoch. */
  readonly log: { readonly received: number };
  /**
   * Asks it to end by itself, for it runs for too long.
   * @returns milliseconds in which it may do so. Where there is no such method its thread is ended at once.
   */
  interrupt?(why: string): number;
}

/** All requests of a pool. */
export interface WatchedRequests {
  get(id: number): WatchedRequest | undefined;
  /** The oldest first. */
  values(): Iterable<WatchedRequest>;
}

/** Checks per timeout: a handler is found between one timeout and a quarter more. */
const CHECKS = 4;

/**
 * Ends handlers that have run for too long without a byte in or out. A client's slowness is not the handler's: one that
 * waits for its client, or is ahead of it, is left to the watch on connections. So is one that has an open WebSocket, for
 * as long as its peer answers pings.
 */
export class StuckWatch {
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param timeout seconds; 0: handlers may run for ever. */
  constructor(timeout: number, threads: PoolThreads, running: WatchedRequests) {
    if (timeout === 0) return;
    const why = `The application sent nothing for ${timeout} s (timeout)`;
    this.#timer = setInterval(
      () => {
        for (const thread of threads.all) {
          const request = running.get(thread.line.current);
          if (!isStuck(thread, request)) continue;
          const { watched } = thread;
          const grace = request?.interrupt?.(why) ?? 0;
          if (grace === 0) threads.kill(thread, watched, why);
          // Unless it has another request by then.
          else setTimeout(() => threads.kill(thread, watched, why), grace).unref();
        }
      },
      (timeout * 1000) / CHECKS,
    ).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function isStuck(thread: PooledThread, request: WatchedRequest | undefined): boolean {
  const { line } = thread;
  const { current } = line;
  const progress = (line.inbound.traffic + line.outbound.traffic) | 0;
  const free = current === 0 || line.activity !== RUNS || request?.isConversation === true;
  if (!thread.ready || thread.dropped || free || current !== thread.watched || progress !== thread.progress) {
    thread.watched = current;
    thread.progress = progress;
    thread.quiet = 0;
    return false;
  }
  return ++thread.quiet === CHECKS;
}

/** Milliseconds that a request waits before the log says so. */
const LONG_MS = 1000;

/** Milliseconds between two looks, while there are more requests than threads. */
const LOOK_MS = 250;

/**
 * Says in the log, once, that all threads are busy while requests wait, and when that is over. Costs a request nothing but
 * a comparison: one timer runs, and only while there is something to look at. An episode begins when a request has waited
 * for a second and every thread has another one; it ends when no request waits.
 */
export class BusyWatch {
  readonly #threads: PoolThreads;
  readonly #count: number;
  readonly #running: WatchedRequests;
  #timer: NodeJS.Timeout | undefined;
  /** When the first request came of an episode that is in the log: milliseconds since the epoch. */
  #since: number | undefined;

  constructor(threads: PoolThreads, count: number, running: WatchedRequests) {
    this.#threads = threads;
    this.#count = count;
    this.#running = running;
  }

  /** There are more requests than threads. */
  overloaded(): void {
    this.#timer ??= setTimeout(this.#look, LOOK_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const busy = this.#threads.all.filter(({ line, dropped }) => !dropped && line.current !== 0);
    const held = new Set(busy.map(({ line }) => line.current));
    const requests = [...this.#running.values()];
    const waiting = requests.filter(({ id }) => !held.has(id));
    const [first] = waiting;
    if (first === undefined) {
      this.#endEpisode();
      return;
    }
    const { received } = first.log;
    // Where a thread is missing, or loads, the log says why.
    if (this.#since === undefined && held.size >= this.#count && Date.now() - received >= LONG_MS) {
      this.#since = received;
      const webSockets = requests.filter(({ id, isConversation }) => isConversation && held.has(id));
      logger.warning(describe(this.#count, webSockets.length, waiting.length, received));
    }
    this.overloaded();
  };

  #endEpisode(): void {
    if (this.#since === undefined) return;
    const seconds = ((Date.now() - this.#since) / 1000).toFixed(1);
    this.#since = undefined;
    logger.warning(`No request waits for a thread any more, after ${seconds} s`);
  }
}

function describe(threads: number, webSockets: number, waiting: number, since: number): string {
  const what = threads === 1 ? 'The one thread is busy' : `All ${threads} threads are busy`;
  const sockets = webSockets === 0 ? '' : ` (${webSockets} with an open WebSocket)`;
  const wait = waiting === 1 ? '1 request waits' : `${waiting} requests wait`;
  return `${what}${sockets}: ${wait} since ${new Date(since).toISOString()}. More --threads serve more at a time`;
}
