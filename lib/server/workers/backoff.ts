/** When a worker may be started after others that did not last: at once at first, then later and later. */
import { logger } from '../../logger.js';
import type { WorkerProcess } from './worker-process.js';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** Milliseconds that a worker has to last so that it does not count as one more that fails. */
const SHORT_MS = 2000;
/** So many may die one after the other, each after a short life, before the next has to wait. */
const FREE = 5;

export class Backoff {
  readonly #again: () => void;
  #failures = 0;
  #deaths = 0;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #said = '';

  /** @param again called when a worker may be started that could not before. */
  constructor(again: () => void) {
    this.#again = again;
  }

  /** A worker could not start. @param why is logged, unless it was before; `''`: it was said otherwise. */
  failed(why: string): void {
    if (why !== '' && why !== this.#said) {
      logger.error(`${why}\nIt is tried again, at intervals of up to ${LONGEST_MS / 1000} s`);
      this.#said = why;
    }
    this.#wait(this.#failures++);
  }

  /** A worker serves. */
  succeeded(): void {
    this.#failures = 0;
    this.#said = '';
  }

  /** A worker that served has ended. */
  died({ servedSince }: WorkerProcess): void {
    if (performance.now() - servedSince > SHORT_MS) this.#deaths = 0;
    else if (++this.#deaths > FREE) this.#wait(this.#deaths - FREE);
  }

  /** A worker may be started now; otherwise `again` is called when it may. */
  allows(): boolean {
    const left = this.#notBefore - performance.now();
    if (left <= 0) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#again();
    }, left);
    return false;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(times: number): void {
    this.#notBefore = performance.now() + Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(times, 16));
  }
}
