/**
 * Ends handlers that have run for too long without a byte in or out. First KeyboardInterrupt is raised in the thread, so
 * that its `finally` blocks run; where that does not help the process is ended, once its other
 * requests are done.
 */
import { lostError } from './error.js';
import type { InstanceLane, PythonInstance } from './instance.js';

/** Checks per timeout: a handler is found between one timeout and a quarter more. */
const CHECKS = 4;
/** Milliseconds that a handler has after KeyboardInterrupt. */
const GRACE_MS = 2000;

export class OverdueWatch {
  readonly #milliseconds: number;
  readonly #why: string;
  readonly #instances: ReadonlySet<PythonInstance>;
  readonly #retire: (instance: PythonInstance) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #graces = new Set<NodeJS.Timeout>();

  /**
   * @param timeout seconds; 0: handlers may run for ever.
   * @param retire called for an instance that is to be given no more requests.
   */
  constructor(
    timeout: number,
    instances: ReadonlySet<PythonInstance>,
    retire: (instance: PythonInstance) => void,
  ) {
    this.#milliseconds = timeout * 1000;
    this.#why = `The application sent nothing for ${timeout} s (timeout)`;
    this.#instances = instances;
    this.#retire = retire;
    if (timeout === 0) return;
    this.#timer = setInterval(() => this.#look(), this.#milliseconds / CHECKS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const grace of this.#graces) clearTimeout(grace);
  }

  #look(): void {
    const now = performance.now();
    for (const instance of this.#instances) {
      for (const lane of instance.lanes) {
        const { work } = lane;
        if (work === undefined || lane.interrupted) continue;
        // A client's slowness is not the handler's.
        if (work.waitsForClient || instance.isHeldUp?.(lane) === true) lane.heard = now;
        else if (now - lane.heard >= this.#milliseconds) this.#end(instance, lane);
      }
      instance.looked?.();
    }
  }

  #end(instance: PythonInstance, lane: InstanceLane): void {
    const { request, work } = lane;
    lane.interrupted = true;
    work?.overdue(this.#why);
    instance.interrupt(lane);
    if (instance.isShared) this.#retire(instance);
    const grace = setTimeout(() => {
      this.#graces.delete(grace);
      if (lane.request !== request) return;
      this.#retire(instance);
      lane.lose(lostError(`${this.#why}: its ${instance.noun} is ended`));
      instance.killWhenIdle();
    }, GRACE_MS);
    this.#graces.add(grace);
  }
}
