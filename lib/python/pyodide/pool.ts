/** An application on Pyodide: a pool of threads as JavaScript has it, whose handlers are in Python. */
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { RequestScope } from '../../current-request.js';
import { ServerBusy } from '../../errors.js';
import { logger } from '../../logger.js';
import { ownModule } from '../../own-files.js';
import { ThreadPool } from '../../server/threads/io/pool.js';
import { loadable } from '../../server/threads/io/start-worker.js';
import type { SharedMemory, StartedThread } from '../../server/threads/io/thread-kind.js';
import type { Frame } from '../../server/threads/shared/ring.js';
import type { Told } from '../base-instance.js';
import type { Loaded } from '../instance.js';
import type { PythonFacts, PythonRuntime } from '../lane.js';
import type { PythonOptions } from '../options.js';
import { publishTold } from '../topic-calls.js';
import { LARGEST, OF_THREAD, Pieces } from './frames.js';
import { PyodideLane } from './lane.js';
import { type PyodidePlan, THREAD_LIMITS } from './plan.js';
import type { PyodideReport } from './post.js';
import type { PyodideThreadData } from './thread.js';

const SCRIPT = ownModule('python/pyodide/thread');

/** Milliseconds that handlers have to end after KeyboardInterrupt when the application is closed. */
const END_MS = 5000;

/** The most milliseconds that a timer takes. */
const FOREVER_MS = 2 ** 31 - 1;

/** For each thread, of the memory that large frames go through: memory that was never used costs nothing. */
const BLOCKS_BYTES = 2 * LARGEST;

const NEVER = new Promise<void>(() => {});

export class PyodidePool implements PythonRuntime {
  readonly ready: Promise<PythonFacts>;
  readonly #plan: PyodidePlan;
  readonly #options: PythonOptions;
  readonly #pool: ThreadPool;
  readonly #pieces = new Pieces();
  /** Threads that are idle keep no process running; while there are requests, this does. */
  readonly #alive = setInterval(() => {}, FOREVER_MS).unref();
  #requests = 0;
  #loaded: Loaded | undefined;
  #closing = false;

  /** @param onEnd called when no thread can load the application any more. */
  constructor(plan: PyodidePlan, options: PythonOptions, onEnd: () => void) {
    this.#plan = plan;
    this.#options = options;
    const { timeout, backlogRequests } = options;
    const kind = {
      start: (memory: SharedMemory) => this.#start(memory),
      unready: (code: number) => `the thread ended with exit code ${code}`,
      failure: 'The Python application could not be loaded',
      firstAlone: plan.firstAlone,
      outside: { take: (frame: Frame) => this.#take(frame) },
    };
    const own = { threads: plan.count, timeout, backlogRequests, responseBuffer: plan.count * BLOCKS_BYTES };
    this.#pool = new ThreadPool(kind, own, ({ message }) => {
      logger.error(message);
      onEnd();
      void this.close();
    });
    this.ready = this.#begin();
    this.ready.catch(() => undefined);
  }

  lane(scope: RequestScope | undefined): PyodideLane {
    if (this.#closing) throw new ServerBusy('The server is stopping');
    return new PyodideLane(this.#pool, scope, this.#count);
  }

  async close(): Promise<void> {
    this.#closing = true;
    const pool = this.#pool;
    for (const request of pool.requests) {
      if (pool.withdraw(request)) request.fail(new ServerBusy('The server is stopping'));
      else request.interrupt?.('The server is stopping');
    }
    pool.giveUpLoading();
    await pool.close(END_MS, NEVER);
    clearInterval(this.#alive);
  }

  async #begin(): Promise<PythonFacts> {
    this.#pool.start();
    try {
      await this.#pool.ready;
    } catch (error) {
      await this.close();
      throw error;
    }
    const { implementation, version, address } = this.#loaded as Loaded;
    return { implementation, version, address, summary: this.#plan.summary(version) };
  }

  #start({ line, place, queue, blocks }: SharedMemory): StartedThread {
    const { port1, port2 } = new MessageChannel();
    const { maxRequests, maxRequestsJitter: jitter } = this.#options;
    const limit = maxRequests + (maxRequests > 0 && jitter > 0 ? randomInt(jitter + 1) : 0);
    const memory = { line, place, queue, blocks };
    const workerData: PyodideThreadData = { ...this.#plan.start, ...memory, port: port2, limit };
    const worker = new Worker(loadable(fileURLToPath(SCRIPT)), {
      workerData,
      transferList: [port2],
      resourceLimits: THREAD_LIMITS,
    });
    // Before the pool hears of it: those that wait for the application want to know which Python it is.
    port1.on('message', (report: PyodideReport) => {
      if (!('loaded' in report)) return;
      const { version, address } = report.loaded;
      this.#loaded ??= { implementation: 'Pyodide', version, address: address ?? undefined };
      worker.unref();
    });
    port1.unref();
    return { worker, port: port1 };
  }

  /** What belongs to no request. */
  #take(frame: Frame): void {
    const payload = this.#pieces.add(frame);
    if (payload === undefined) return;
    if (frame.type === OF_THREAD.output) logger.stream.write(payload.toString());
    else if (frame.type === OF_THREAD.told) {
      const { files = [], publish } = JSON.parse(payload.toString()) as Told;
      for (const file of files) this.#options.onFile?.(file);
      if (publish !== undefined) void publishTold(publish);
    }
  }

  readonly #count = {
    add: () => {
      if (this.#requests++ === 0) this.#alive.ref();
    },
    delete: () => {
      if (--this.#requests === 0) this.#alive.unref();
    },
  };
}
