/** One CPython process: started, its lanes, what it tells while it loads, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { logger } from '../../logger.js';
import { OWN_FOLDER } from '../../own-files.js';
import { BaseInstance, type Told } from '../base-instance.js';
import type { InstanceEvents } from '../instance.js';
import type { PythonOptions } from '../options.js';
import type { PythonTarget } from '../target.js';
import { publishTold, type ToldPublication } from '../topic-calls.js';
import { Pace } from './pace.js';
import { ProcessLane } from './process-lane.js';

/** The build copies it. */
const SCRIPT = fileURLToPath(new URL('python/py/start_cpython.py', OWN_FOLDER));

/** Descriptors in the child: host.py has the same. */
const CONTROL = 3;
const FIRST_LANE = 4;

/** Milliseconds that requests wait for a thread that may be done in a moment, before they get another one. */
const MOMENT_MS = 10;

/** Milliseconds to wait for the last of its output. */
const OUTPUT_MS = 500;

export class PythonProcess extends BaseInstance<ProcessLane> {
  readonly noun = 'process';
  readonly isShared = true;
  readonly lanes: readonly ProcessLane[];
  protected readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #control: Socket;
  /** Settle when nothing more can come. */
  readonly #outputs: readonly Promise<void>[];
  /** A thread of it goes on with a request that was given up. */
  #endsWhenIdle = false;
  readonly #pace = new Pace();
  readonly #events: InstanceEvents;
  #timer: NodeJS.Timeout | undefined;
  #isTimed = false;
  /** A request was told to wait for a moment. */
  #makesWait = false;

  constructor(
    command: string,
    target: PythonTarget,
    options: PythonOptions & { readonly threads: number },
    events: InstanceEvents,
    isAlone: boolean,
  ) {
    const { threads, chdir, args, env, pythonpath, workers, onFile } = options;
    super(onFile);
    this.#events = events;
    const streams = Array.from({ length: threads + 1 }, () => 'pipe' as const);
    this.#child = spawn(command, ['-u', SCRIPT], {
      cwd: chdir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...streams],
    });
    const { pid = 0, stdio } = this.#child as { pid?: number; stdio: readonly unknown[] };
    this.#control = stdio[CONTROL] as Socket;
    this.lanes = Array.from({ length: threads }, (_, index) => {
      const socket = stdio[FIRST_LANE + index] as Socket;
      return new ProcessLane(index, socket, pid, {
        free: () => {
          if (this.#endsWhenIdle && this.busy === 0) this.kill();
          events.laneFree(this);
        },
        answered: (hasWaited) => {
          if (hasWaited) this.#pace.waits();
          else this.#pace.answered();
        },
        returned: (queued) => events.returned(queued),
      });
    });
    this.#outputs = [stdio[1], stdio[2]].map((stream) => logOutput(stream as Readable));
    this.#readControl();
    this.exited = this.#untilExit(events);
    this.#say({
      ...target,
      args,
      path: [...pythonpath, chdir],
      threads,
      multiprocess: workers > 1,
      alone: isAlone,
      watch: onFile !== undefined,
    });
  }

  get label(): string {
    return `The Python process ${this.#child.pid ?? ''}`;
  }

  override get busy(): number {
    return this.lanes.reduce((sum, lane) => sum + (lane.isBusy ? 1 : 0) + lane.queued, 0);
  }

  /** As long as handlers are quick one thread has them all, in a row: Python runs one at a time anyway. */
  override freeLane(atOnce = false): ProcessLane | undefined {
    if (atOnce || !this.#pace.isQuick) return super.freeLane();
    if (!this.isReady || this.retired) return undefined;
    let free: ProcessLane | undefined;
    let isSoon = false;
    const since = performance.now() - MOMENT_MS;
    for (const lane of this.lanes) {
      if (lane.isOpen) return lane;
      if (lane.isFree) free ??= lane;
      else if (lane.isBusy && lane.began > since) isSoon = true;
    }
    this.#watch();
    if (!isSoon) return free;
    this.#makesWait = true;
    return undefined;
  }

  /** Looks in a moment whether a thread is still at the same request. */
  #watch(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    // What has come meanwhile is read before.
    this.#timer ??= setTimeout(() => setImmediate(() => this.#look()), MOMENT_MS).unref();
    this.#timer.refresh();
  }

  #look(): void {
    this.#isTimed = false;
    const since = performance.now() - MOMENT_MS;
    let isBusy = false;
    for (const lane of this.lanes) {
      if (!lane.isBusy) continue;
      if (lane.began > since) isBusy = true;
      else if (lane.queued > 0 || this.#makesWait) {
        this.#pace.waits();
        if (lane.queued > 0) this.#say({ withdraw: lane.index });
      }
    }
    this.#makesWait = false;
    if (isBusy) this.#watch();
    this.#events.laneFree(this);
  }

  /** Raises KeyboardInterrupt in the thread of a lane, if that still has the same request. */
  interrupt(lane: ProcessLane): void {
    this.#say({ interrupt: [lane.index, lane.request] });
  }

  override end(grace: number): Promise<void> {
    this.#child.ref();
    return super.end(grace);
  }

  kill(): void {
    this.retired = true;
    this.#child.kill('SIGKILL');
  }

  killWhenIdle(): void {
    if (this.busy === 0) this.kill();
    else this.#endsWhenIdle = true;
  }

  protected unref(): void {
    for (const stream of this.#child.stdio) (stream as Partial<Socket> | null)?.unref?.();
    for (const lane of this.lanes) lane.unref();
    this.#child.unref();
  }

  #say(message: object): void {
    // It may have ended: its exit says so.
    if (this.#control.writable) this.#control.write(`${JSON.stringify(message)}\n`);
  }

  #readControl(): void {
    let text = '';
    this.#control.setEncoding('utf8');
    this.#control.on('error', () => undefined);
    this.#control.on('data', (part: string) => {
      const lines = (text + part).split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) this.hear(JSON.parse(line) as Told);
    });
  }

  /** What it says on its control socket: one line of JSON each. */
  protected override hear(told: Told): void {
    super.hear(told);
    if (told.publish !== undefined) this.#publish(told.publish);
    if (told.withdrawn !== undefined) {
      const [index, numbers] = told.withdrawn;
      const lane = this.lanes[index];
      lane?.giveBack(numbers);
      // Its thread may have had no time to read them.
      if (lane !== undefined && lane.queued > 0) this.#watch();
    }
  }

  /** Python blocks when it has published much, for nothing more is read. */
  #publish(told: ToldPublication): void {
    const paced = publishTold(told);
    if (paced === undefined) return;
    this.#control.pause();
    void paced.then(() => this.#control.resume());
  }

  async #untilExit(events: InstanceEvents): Promise<void> {
    const how = await howItEnds(this.#child);
    this.stopped(how);
    // What it wrote before it ended is still to be read.
    await Promise.all([...this.lanes.map((lane) => lane.ended()), ...this.#outputs.map(soon)]);
    this.#control.destroy();
    clearTimeout(this.#timer);
    this.over(how, events);
  }
}

function howItEnds(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      // Also for a signal that could not be sent.
      if (child.pid === undefined) resolve(`it could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
}

/** What the process writes by itself, or while no request runs. Settles at its end. */
function logOutput(stream: Readable): Promise<void> {
  stream.setEncoding('utf8');
  stream.on('error', () => undefined);
  stream.on('data', (text: string) => logger.stream.write(text));
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

/** A program that the process started may hold its output open. */
function soon(end: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, OUTPUT_MS);
  });
  return Promise.race([end, late]).finally(() => clearTimeout(timer));
}
