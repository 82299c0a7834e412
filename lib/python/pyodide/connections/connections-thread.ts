/** A thread of Pyodide with many handlers at a time, one of which runs, while the others wait (JSPI). */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describeThrown, logger } from '../../../logger.js';
import { ownModule } from '../../../own-files.js';
import { loadable } from '../../../server/threads/io/start-worker.js';
import type { Bell } from '../../../server/threads/shared/bell.js';
import { ThreadLine } from '../../../server/threads/shared/thread-line.js';
import { BaseInstance, type Told } from '../../base-instance.js';
import { MOST_REQUESTS } from '../../base-lane.js';
import type { InstanceEvents } from '../../instance.js';
import { publishTold } from '../../topic-calls.js';
import { OF_THREAD } from '../frames.js';
import { THREAD_LIMITS } from '../plan.js';
import type { PyodideStart } from '../start.js';
import { BELL_BYTES, bellIn, Frames } from './frames.js';
import { ConnectionLane } from './lane.js';
import type { ConnectionsThreadData } from './thread.js';

const SCRIPT = ownModule('python/pyodide/connections/thread');

/** Milliseconds that the other requests of a thread may take when one of them has to be ended. */
const LAST_MS = 30_000;

const TOO_LONG = 'another one has its place, or the server stops, and this request went on for too long';

export class ConnectionsThread extends BaseInstance<ConnectionLane> {
  readonly noun = 'thread';
  readonly isShared = false;
  readonly label = 'The Python thread';
  protected readonly exited: Promise<void>;
  readonly #most: number;
  readonly #line = new ThreadLine();
  readonly #bell: Bell;
  readonly #frames: Frames;
  readonly #worker: Worker;
  readonly #events: InstanceEvents;
  readonly #lanes = new Map<number, ConnectionLane>();
  #spare: ConnectionLane | undefined;
  #begun = 0;
  #isEnding = false;
  #hasExited = false;
  #why: string | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  /** The request that the thread worked on at the last look. */
  #seen = 0;

  /** @param most handlers at a time. */
  constructor(
    start: PyodideStart,
    most: number,
    onFile: ((file: string) => void) | undefined,
    events: InstanceEvents,
  ) {
    super(onFile);
    this.#most = most;
    this.#events = events;
    this.#frames = new Frames(this.#line, (kind, request, call, payload) => {
      if (kind === OF_THREAD.told) this.hear(JSON.parse(payload.toString()) as Told);
      else if (kind === OF_THREAD.output) logger.stream.write(payload.toString());
      else if (kind === OF_THREAD.tired) events.retire(this);
      // Of one that was given up there is none.
      else this.#lanes.get(request)?.receive(kind, call, payload);
    });
    const memory = { line: this.#line.memory, bell: new SharedArrayBuffer(BELL_BYTES) };
    this.#bell = bellIn(memory.bell);
    this.#worker = new Worker(loadable(fileURLToPath(SCRIPT)), {
      workerData: { ...start, memory } satisfies ConnectionsThreadData,
      resourceLimits: THREAD_LIMITS,
    });
    this.exited = this.#untilExit();
    this.#listen();
  }

  /** Those that have a request, or are about to. */
  get lanes(): readonly ConnectionLane[] {
    return [...this.#lanes.values()];
  }

  override get requests(): number {
    return this.#begun;
  }

  override get busy(): number {
    return this.#lanes.size;
  }

  override freeLane(): ConnectionLane | undefined {
    if (!this.isReady || this.retired || this.#lanes.size >= this.#most) return undefined;
    this.#spare ??= new ConnectionLane(this.#home, (this.#begun % MOST_REQUESTS) + 1);
    return this.#spare;
  }

  override end(grace: number): Promise<void> {
    this.#isEnding = true;
    this.#closeIfIdle();
    // Those that go on when it is killed: their `finally` blocks run before.
    const timer = grace === 0 ? undefined : setTimeout(() => this.#interruptAll(), grace).unref();
    return super.end(grace).finally(() => clearTimeout(timer));
  }

  interrupt(lane: ConnectionLane): void {
    lane.interrupt();
  }

  /** A handler that waits is not at fault where another one has kept the thread for so long. */
  isHeldUp(lane: ConnectionLane): boolean {
    const { current: running } = this.#line;
    return running !== 0 && running !== lane.request && running === this.#seen;
  }

  looked(): void {
    this.#seen = this.#line.current;
  }

  kill(): void {
    this.retired = true;
    if (this.#isEnding && this.#lanes.size > 0) {
      this.#why ??= TOO_LONG;
    }
    clearTimeout(this.#killTimer);
    void this.#worker.terminate();
  }

  /** A handler that keeps the thread from all others takes them with it. */
  killWhenIdle(): void {
    const { current: running } = this.#line;
    if (this.#lanes.size === 0 || (running !== 0 && !this.#lanes.has(running))) {
      this.#why ??= 'a handler kept it from all others, and did not end';
      this.kill();
    } else this.#killTimer = setTimeout(() => this.kill(), LAST_MS).unref();
  }

  protected unref(): void {
    this.#worker.unref();
  }

  protected override hear(told: Told & { readonly ended?: string }): void {
    super.hear({ ...told, implementation: 'Pyodide' });
    if (told.publish !== undefined) void publishTold(told.publish);
    if (told.ended !== undefined) this.#why = told.ended;
  }

  readonly #home = {
    send: (kind: number, request: number, call: number, payload: Uint8Array) =>
      this.#frames.send(kind, request, call, payload),
    interrupt: (request: number) => this.#frames.interrupt(request),
    taken: (lane: ConnectionLane) => {
      if (this.#spare !== lane) return;
      this.#spare = undefined;
      this.#begun++;
      this.#lanes.set(lane.number, lane);
      this.#worker.ref();
    },
    freed: (lane: ConnectionLane) => {
      if (!this.#lanes.delete(lane.number)) return;
      if (this.#lanes.size === 0) this.#worker.unref();
      this.#closeIfIdle();
      this.#events.laneFree(this);
    },
  };

  #interruptAll(): void {
    for (const lane of this.lanes) {
      lane.work?.overdue(`The Python thread ends: ${TOO_LONG}`);
      lane.interrupt();
    }
  }

  #closeIfIdle(): void {
    if (!this.#isEnding || this.#lanes.size > 0) return;
    this.#line.leave();
    this.#line.wake();
    // It goes on with one that was given up.
    if (this.#killTimer !== undefined) this.kill();
  }

  /** Reads what it has sent, and waits until there is more. */
  readonly #listen = (): void => {
    const seen = this.#bell.count;
    this.#frames.drain();
    if (this.#hasExited) return;
    const rung = this.#bell.wait(seen);
    if (rung === undefined) setImmediate(this.#listen);
    else rung.then(this.#listen);
  };

  async #untilExit(): Promise<void> {
    const how = await new Promise<string>((resolve) => {
      this.#worker.once('error', (error) => resolve(describeThrown(error)));
      this.#worker.once('exit', (code) => resolve(`exit code ${code}`));
    });
    this.#hasExited = true;
    clearTimeout(this.#killTimer);
    // What it had sent before it ended is still to be read.
    this.#frames.drain();
    this.#frames.forget();
    this.#bell.ring();
    const why = this.#why ?? how;
    this.stopped(why);
    this.over(why, this.#events);
  }
}
