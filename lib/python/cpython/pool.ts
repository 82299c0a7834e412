/** The CPython processes of an application: started, replaced when they end, and the requests that wait for a thread. */
import { randomInt } from 'node:crypto';
import { ConfigError, ServerBusy } from '../../errors.js';
import { logger } from '../../logger.js';
import type { Lane, PythonFacts, PythonRuntime } from '../lane.js';
import type { PythonOptions } from '../options.js';
import type { PythonTarget } from '../target.js';
import type { ProcessLane } from './process-lane.js';
import { type Loaded, PythonProcess } from './python-process.js';
import { OverdueWatch } from './watch.js';

interface Waiting {
  readonly isWanted: () => boolean;
  readonly resolve: (lane: Lane | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Milliseconds before a process is replaced that was of no use; then twice as many each time. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;
/** Milliseconds that the other requests of a process may take when one of them has to be ended. */
const RETIRE_MS = 30_000;

export class CPythonPool implements PythonRuntime {
  readonly ready: Promise<PythonFacts>;
  readonly #command: string;
  readonly #target: PythonTarget;
  readonly #options: PythonOptions;
  readonly #watch: OverdueWatch;
  readonly #processes = new Set<PythonProcess>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting: Waiting[] = [];
  #failures = 0;
  #started = false;
  #closing = false;

  constructor(command: string, target: PythonTarget, options: PythonOptions) {
    this.#command = command;
    this.#target = target;
    this.#options = options;
    this.#watch = new OverdueWatch(options.timeout, this.#processes, (process) => this.#retire(process));
    this.ready = this.#start();
    this.ready.catch(() => undefined);
  }

  lane(isWanted: () => boolean): Lane | Promise<Lane | undefined> {
    const free = this.#freeLane();
    if (free !== undefined) return free;
    if (this.#waiting.length >= this.#options.backlogRequests) throw new ServerBusy();
    return new Promise((resolve, reject) => this.#waiting.push({ isWanted, resolve, reject }));
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#watch.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#refuseWaiting(new ServerBusy('The server is stopping'));
    const ends = [...this.#processes].map((process) => {
      for (const lane of process.lanes) if (lane.isBusy) process.interrupt(lane);
      return process.end(0);
    });
    await Promise.all(ends);
  }

  /** What one process cannot load no other one will. */
  async #start(): Promise<PythonFacts> {
    const processes = Array.from({ length: this.#options.workers }, () => this.#spawn());
    try {
      const loads = await Promise.all(processes.map((process) => this.#take(process)));
      this.#started = true;
      return this.#factsOf(loads[0] as Loaded);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #spawn(): PythonProcess {
    const process = new PythonProcess(this.#command, this.#target, this.#options, {
      laneFree: (free) => {
        if (free.requests >= free.limit) this.#renew(free);
        this.#serveWaiting();
      },
      ended: (ended, how) => this.#ended(ended, how),
    });
    const { maxRequests, maxRequestsJitter: jitter } = this.#options;
    if (maxRequests > 0) process.limit = maxRequests + (jitter > 0 ? randomInt(jitter + 1) : 0);
    this.#processes.add(process);
    return process;
  }

  async #take(process: PythonProcess): Promise<Loaded> {
    const loaded = await process.loaded;
    this.#serveWaiting();
    return loaded;
  }

  #factsOf(loaded: Loaded): PythonFacts {
    const { workers, threads } = this.#options;
    const processes = workers === 1 ? '1 process' : `${workers} processes`;
    const each = threads === 1 ? '1 thread' : `${threads} threads`;
    return { ...loaded, summary: `${loaded.implementation} ${loaded.version}, ${processes} of ${each}` };
  }

  /** Of the process with the fewest requests. */
  #freeLane(): ProcessLane | undefined {
    let best: PythonProcess | undefined;
    for (const process of this.#processes) {
      if (process.freeLane() === undefined) continue;
      if (best === undefined || process.busy < best.busy) best = process;
    }
    return best?.freeLane();
  }

  #serveWaiting(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#freeLane();
      if (lane === undefined) return;
      const { isWanted, resolve } = this.#waiting.shift() as Waiting;
      if (!isWanted()) {
        resolve(undefined);
        continue;
      }
      resolve(lane);
      // It begins in a later turn: until then the lane would seem free.
      lane.reserve();
    }
  }

  #refuseWaiting(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** One of its requests has to be ended: it gets no more, and another one takes its place at once. */
  #retire(process: PythonProcess): void {
    if (process.retired || this.#closing) return;
    void process.end(RETIRE_MS);
    this.#replace(0);
  }

  /** It has had as many requests as it may: it goes on until another one has loaded, and ends when it has no more requests. */
  #renew(process: PythonProcess): void {
    process.limit = Number.POSITIVE_INFINITY;
    if (process.retired || this.#closing) return;
    const next = this.#spawn();
    // Whichever ends meanwhile is not replaced by a third one.
    process.replaced = next.replaced = true;
    this.#take(next).then(
      () => {
        next.replaced = false;
        return process.end(RETIRE_MS);
      },
      (error: Error) => {
        if (this.#closing) return;
        logger.error(error.message);
        process.replaced = false;
        if (this.#processes.has(process)) process.limit = process.requests + this.#options.maxRequests;
        else this.#replace(FIRST_DELAY_MS);
      },
    );
  }

  #ended(process: PythonProcess, how: string): void {
    this.#processes.delete(process);
    // It was told to end, or the first of all could not load.
    if (this.#closing || !this.#started || process.replaced) return;
    logger.error(`The Python process ${process.pid ?? ''} ended: ${how}. Another one is started`);
    // However often a handler ends its process, other clients are served.
    if (process.worked) this.#failures = 0;
    const delay = this.#failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    if (!process.worked) this.#failures++;
    this.#replace(delay);
  }

  #replace(delay: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#take(this.#spawn()).catch((error: Error) => {
        if (this.#closing) return;
        logger.error(error.message);
        // Nobody else is there to serve them.
        if (![...this.#processes].some(({ isReady, retired }) => isReady && !retired)) {
          this.#refuseWaiting(new ConfigError(error.message));
        }
      });
    }, delay);
    this.#timers.add(timer);
  }
}
