/** One thread of Pyodide: started, what it tells while it loads, its lane, and its end. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '../../errors.js';
import { describeThrown, logger } from '../../logger.js';
import { ownModule } from '../../own-files.js';
import { loadable } from '../../server/threads/io/start-worker.js';
import { lostError } from '../error.js';
import type { InstanceEvents, InstanceLane, Loaded, PythonInstance } from '../instance.js';
import { publishTold, type ToldPublication } from '../topic-calls.js';
import { PyodideLine } from './line.js';
import type { PyodideThreadData } from './start.js';
import { ThreadLane } from './thread-lane.js';

const SCRIPT = ownModule('python/pyodide/thread');

/** Milliseconds that a thread may take to end after its application has. */
const END_MS = 5000;
/** Deep recursion of Python, and of C: parsers of deep JSON need more than Node gives. */
const STACK_MB = 64;

/** What it says of itself: as a process of CPython does, and how it ended. */
interface Told extends Partial<Loaded> {
  readonly ready?: boolean;
  readonly failed?: string;
  readonly details?: string;
  readonly files?: readonly string[];
  readonly ended?: string;
  readonly publish?: ToldPublication;
}

export type ThreadStart = Omit<PyodideThreadData, 'memory'> & {
  readonly onFile: ((file: string) => void) | undefined;
};

export class PythonThread implements PythonInstance {
  readonly noun = 'thread';
  readonly isShared = false;
  readonly label = 'The Python thread';
  readonly lanes: readonly [ThreadLane];
  readonly loaded: Promise<Loaded>;
  isReady = false;
  replaced = false;
  limit = Number.POSITIVE_INFINITY;
  killWhenIdle = false;
  retired = false;
  readonly #line = new PyodideLine();
  readonly #worker: Worker;
  readonly #onFile: ((file: string) => void) | undefined;
  readonly #exited: Promise<void>;
  #hasExited = false;
  /** Why it ended, as far as it knows. */
  #how: string | undefined;
  #told: { resolve(loaded: Loaded): void; reject(error: Error): void } | undefined;

  constructor({ onFile, ...start }: ThreadStart, events: InstanceEvents) {
    this.#onFile = onFile;
    const lane = new ThreadLane(this.#line, {
      told: (text) => this.#hear(JSON.parse(text) as Told),
      output: (bytes) => logger.stream.write(bytes.toString()),
      tired: () => events.retire(this),
      busy: () => this.#worker.ref(),
      free: () => {
        this.#worker.unref();
        events.laneFree(this);
      },
    });
    this.lanes = [lane];
    this.loaded = new Promise((resolve, reject) => {
      this.#told = { resolve, reject };
    });
    // Whoever waits for it may come later.
    this.loaded.catch(() => undefined);
    this.#worker = new Worker(loadable(fileURLToPath(SCRIPT)), {
      workerData: { ...start, memory: this.#line.memory } satisfies PyodideThreadData,
      resourceLimits: { stackSizeMb: STACK_MB },
    });
    this.#exited = this.#untilExit(events);
    this.#listen();
  }

  get worked(): boolean {
    return this.lanes[0].worked;
  }

  get requests(): number {
    return this.lanes[0].requests;
  }

  get busy(): number {
    return this.lanes[0].isBusy ? 1 : 0;
  }

  freeLane(): InstanceLane | undefined {
    return this.isReady && !this.retired && this.lanes[0].isFree ? this.lanes[0] : undefined;
  }

  interrupt(): void {
    this.lanes[0].interrupt();
  }

  async end(grace: number): Promise<void> {
    this.retired = this.replaced = true;
    const timer = setTimeout(() => this.kill(), grace + END_MS);
    this.lanes[0].close();
    if (!this.isReady) this.kill();
    await this.#exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.retired = true;
    void this.#worker.terminate();
  }

  /** Reads what it has sent, and waits until there is more. A thread that is idle keeps no process running. */
  readonly #listen = (): void => {
    const seen = this.#line.notices;
    this.lanes[0].drain();
    if (this.#hasExited) return;
    const rung = this.#line.untilRung(seen);
    if (rung === undefined) setImmediate(this.#listen);
    else rung.then(this.#listen);
  };

  #hear(told: Told): void {
    const { ready, failed, details = '', files = [], ended, version = '', address } = told;
    for (const file of files) this.#onFile?.(file);
    if (told.publish !== undefined) void publishTold(told.publish);
    if (ended !== undefined) this.#how = ended;
    if (ready === true) {
      this.isReady = true;
      this.#worker.unref();
      this.#told?.resolve({ implementation: 'Pyodide', version, address: address ?? undefined });
    } else if (failed !== undefined) {
      const trace = details === '' ? '' : `\n${details.trimEnd()}`;
      this.#told?.reject(new ConfigError(`The Python application could not be loaded: ${failed}${trace}`));
    }
  }

  async #untilExit(events: InstanceEvents): Promise<void> {
    const how = await howItEnds(this.#worker);
    this.#hasExited = true;
    // What it had sent before it ended is still to be read.
    this.lanes[0].drain();
    this.#line.ring();
    const why = this.#how ?? how;
    this.retired = true;
    this.#told?.reject(
      new ConfigError(`The Python thread ended before it had loaded the application: ${why}`),
    );
    this.lanes[0].lose(lostError(`The Python thread ended: ${why}`));
    events.ended(this, why);
  }
}

function howItEnds(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.once('error', (error) => resolve(describeThrown(error)));
    worker.once('exit', (code) => resolve(`exit code ${code}`));
  });
}
