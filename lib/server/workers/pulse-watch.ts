/** Kills workers whose event loop is stuck: each says at intervals that it turns (gunicorn's `timeout`). */
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds between two signs of a worker, and between two looks at them. @param timeout seconds. */
export function pulseOf(timeout: number): number {
  return timeout === 0 ? 1000 : Math.max(20, Math.min(1000, (timeout * 1000) / 4));
}

/** Seconds that modules, which are loaded without a turn of the event loop, have at least. */
const LOADING_S = 60;

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
    for (const worker of this.#workers) {
      worker.lastBeat += late;
      const timeout = this.#timeoutOf(worker);
      if (worker.killed !== undefined || now - worker.lastBeat <= timeout * 1000) continue;
      worker.kill(`was killed: its event loop was blocked for more than ${timeout} s (timeout)`);
    }
    this.#next();
  }

  /** Seconds. */
  #timeoutOf({ state, debugged, settings }: WorkerProcess): number {
    // Its own: it shows as often as that asks for that it turns.
    const timeout = settings?.timeout ?? this.#timeout();
    if (timeout === 0 || debugged) return Number.POSITIVE_INFINITY;
    return state === 'starting' ? Math.max(timeout, LOADING_S) : timeout;
  }
}
