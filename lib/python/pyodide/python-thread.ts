/** One thread of Pyodide: started, what it tells while it loads, its lane, and its end. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describeThrown, logger } from '../../logger.js';
import { ownModule } from '../../own-files.js';
import { loadable } from '../../server/threads/io/start-worker.js';
import { BaseInstance, type Told } from '../base-instance.js';
import type { InstanceEvents } from '../instance.js';
import { publishTold } from '../topic-calls.js';
import { PyodideLine } from './line.js';
import type { PyodideThreadData } from './start.js';
import { ThreadLane } from './thread-lane.js';

const SCRIPT = ownModule('python/pyodide/thread');

/** Deep recursion of Python, and of C: parsers of deep JSON need more than Node gives. */
export const STACK_MB = 64;

/** As a process of CPython says it, and how it ended. */
interface ThreadTold extends Told {
  readonly ended?: string;
}

export type ThreadStart = Omit<PyodideThreadData, 'memory'> & {
  readonly onFile: ((file: string) => void) | undefined;
};

export class PythonThread extends BaseInstance<ThreadLane> {
  readonly noun = 'thread';
  readonly isShared = false;
  readonly label = 'The Python thread';
  readonly lanes: readonly [ThreadLane];
  protected readonly exited: Promise<void>;
  readonly #line = new PyodideLine();
  readonly #worker: Worker;
  #hasExited = false;
  /** Why it ended, as far as it knows. */
  #how: string | undefined;

  constructor({ onFile, ...start }: ThreadStart, events: InstanceEvents) {
    super(onFile);
    const lane = new ThreadLane(this.#line, {
      told: (text) => this.hear(JSON.parse(text) as ThreadTold),
      output: (bytes) => logger.stream.write(bytes.toString()),
      tired: () => events.retire(this),
      busy: () => this.#worker.ref(),
      free: () => {
        this.#worker.unref();
        events.laneFree(this);
      },
    });
    this.lanes = [lane];
    this.#worker = new Worker(loadable(fileURLToPath(SCRIPT)), {
      workerData: { ...start, memory: this.#line.memory } satisfies PyodideThreadData,
      resourceLimits: { stackSizeMb: STACK_MB },
    });
    this.exited = this.#untilExit(events);
    this.#listen();
  }

  interrupt(): void {
    this.lanes[0].interrupt();
  }

  kill(): void {
    this.retired = true;
    void this.#worker.terminate();
  }

  /** It has no other requests. */
  killWhenIdle(): void {
    this.kill();
  }

  protected unref(): void {
    this.#worker.unref();
  }

  /** Reads what it has sent, and waits until there is more. A thread that is idle keeps no process running. */
  readonly #listen = (): void => {
    const seen = this.#line.bell.count;
    this.lanes[0].drain();
    if (this.#hasExited) return;
    const rung = this.#line.bell.wait(seen);
    if (rung === undefined) setImmediate(this.#listen);
    else rung.then(this.#listen);
  };

  protected override hear(told: ThreadTold): void {
    super.hear({ ...told, implementation: 'Pyodide' });
    if (told.publish !== undefined) void publishTold(told.publish);
    if (told.ended !== undefined) this.#how = told.ended;
  }

  async #untilExit(events: InstanceEvents): Promise<void> {
    const how = await howItEnds(this.#worker);
    this.#hasExited = true;
    // What it had sent before it ended is still to be read.
    this.lanes[0].drain();
    this.#line.bell.ring();
    const why = this.#how ?? how;
    this.stopped(why);
    this.over(why, events);
  }
}

function howItEnds(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.once('error', (error) => resolve(describeThrown(error)));
    worker.once('exit', (code) => resolve(`exit code ${code}`));
  });
}
