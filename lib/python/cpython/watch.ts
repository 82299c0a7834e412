/**
 * Ends handlers that have run for too long without a byte in or out. First KeyboardInterrupt is raised in the thread, so
 * that its `finally` blocks run; where that does not help the process is ended, once its other requests are done.
 */
import { lostError } from '../error.js';
import type { ProcessLane } from './process-lane.js';
import type { PythonProcess } from './python-process.js';

/** Checks per timeout: a handler is found between one timeout and a quarter more. */
const CHECKS = 4;
/** Milliseconds that a handler has after KeyboardInterrupt. */
const GRACE_MS = 2000;

export class OverdueWatch {
  readonly #milliseconds: number;
  readonly #why: string;
  readonly #processes: ReadonlySet<PythonProcess>;
  readonly #retire: (process: PythonProcess) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #graces = new Set<NodeJS.Timeout>();

  /**
   * @param timeout seconds; 0: handlers may run for ever.
   * @param retire called for a process that is to be given no more requests.
   */
  constructor(
    timeout: number,
    processes: ReadonlySet<PythonProcess>,
    retire: (process: PythonProcess) => void,
  ) {
    this.#milliseconds = timeout * 1000;
    this.#why = `The application sent nothing for ${timeout} s (timeout)`;
    this.#processes = processes;
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
    for (const process of this.#processes) {
      for (const lane of process.lanes) {
        const { work } = lane;
        if (work === undefined || lane.interrupted) continue;
        // A client's slowness is not the handler's.
        if (work.waitsForClient) lane.heard = now;
        else if (now - lane.heard >= this.#milliseconds) this.#end(process, lane);
      }
    }
  }

  #end(process: PythonProcess, lane: ProcessLane): void {
    const { request, work } = lane;
    lane.interrupted = true;
    work?.overdue(this.#why);
    process.interrupt(lane);
    this.#retire(process);
    const grace = setTimeout(() => {
      this.#graces.delete(grace);
      if (lane.request !== request) return;
      lane.lose(lostError(`${this.#why}: its process is ended`));
      if (process.busy === 0) process.kill();
      else process.killWhenIdle = true;
    }, GRACE_MS);
    this.#graces.add(grace);
  }
}
