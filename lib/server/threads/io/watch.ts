/** Tells the log when all threads are busy while requests wait, once, and when that is over. */
import { logger } from '../../../logger.js';
import type { PoolThreads } from './pool-threads.js';
import type { RemoteRunner } from './remote-runner.js';

/** Milliseconds that a request waits before the log tells of it. */
const LONG_MS = 1000;

/** Milliseconds between two looks, while more requests are there than threads. */
const LOOK_MS = 250;

/**
 * Costs a request nothing but a comparison: one timer runs, and only while there is something to look at. An episode
 * begins when a request has waited for a second and every thread has another one; it ends when no request waits.
 */
export class BusyWatch {
  readonly #threads: PoolThreads;
  readonly #count: number;
  readonly #running: ReadonlyMap<number, RemoteRunner>;
  #timer: NodeJS.Timeout | undefined;
  /** When the first request of an episode that was told came: milliseconds since the epoch. */
  #since: number | undefined;

  /** @param running all requests, the oldest first. */
  constructor(threads: PoolThreads, count: number, running: ReadonlyMap<number, RemoteRunner>) {
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
    const held = new Set<number>();
    for (const { line, dropped } of this.#threads.all)
      if (!dropped && line.current !== 0) held.add(line.current);
    const waiting: RemoteRunner[] = [];
    let webSockets = 0;
    for (const runner of this.#running.values()) {
      if (!held.has(runner.id)) waiting.push(runner);
      else if (runner.isConversation) webSockets++;
    }
    const [first] = waiting;
    if (first === undefined) {
      this.#over();
      return;
    }
    // Where a thread is missing, or loads, the log says why.
    const allBusy = held.size >= this.#count;
    if (this.#since === undefined && allBusy && Date.now() - first.log.received >= LONG_MS) {
      this.#since = first.log.received;
      logger.warning(describe(this.#count, webSockets, waiting.length, this.#since));
    }
    this.overloaded();
  };

  #over(): void {
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
