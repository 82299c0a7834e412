/** Kills workers whose event loop is stuck: each says at intervals that it turns (gunicorn's `timeout`). */
import { logger } from '../../logger.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds between two signs of a worker, and between two looks at them. @param timeout seconds. */
export function pulseOf(timeout: number): number {
  return timeout === 0 ? 1000 : Math.max(20, Math.min(1000, (timeout * 1000) / 4));
}

export class PulseWatch {
  readonly #workers: Iterable<WorkerProcess>;
  readonly #timeout: () => number;
  #timer: NodeJS.Timeout | undefined;
  #expected = 0;

  /** @param timeout seconds; 0 for never. */
  constructor(workers: Iterable<WorkerProcess>, timeout: () => number) {
    this.#workers = workers;
    this.#timeout = timeout;
    this.#next();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #next(): void {
    const pulse = pulseOf(this.#timeout());
    this.#expected = performance.now() + pulse;
    this.#timer = setTimeout(() => this.#look(), pulse).unref();
  }

  #look(): void {
    const now = performance.now();
    // This process may have been stopped itself, or the machine: then nothing could be heard.
    const late = Math.max(0, now - this.#expected);
    const timeout = this.#timeout();
    for (const worker of this.#workers) {
      worker.lastBeat += late;
      const silent = now - worker.lastBeat;
      if (timeout === 0 || worker.debugged || worker.killed !== undefined || silent <= timeout * 1000)
        continue;
      worker.kill(`was killed: its event loop was blocked for more than ${timeout} s (timeout)`);
      logger.debug(`Worker ${worker.pid} was silent for ${Math.round(silent)} ms`);
    }
    this.#next();
  }
}
