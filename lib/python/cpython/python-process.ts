/** One CPython process: started, its lanes, what it tells while it loads, and its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.js';
import { logger } from '../../logger.js';
import { OWN_FOLDER } from '../../own-files.js';
import { lostError } from '../error.js';
import type { InstanceEvents, Loaded, PythonInstance } from '../instance.js';
import type { PythonOptions } from '../options.js';
import type { PythonTarget } from '../target.js';
import { publishTold, type ToldPublication } from '../topic-calls.js';
import { ProcessLane } from './process-lane.js';

/** The build copies it. */
const SCRIPT = fileURLToPath(new URL('python/py/start_cpython.py', OWN_FOLDER));

/** Descriptors in the child: host.py has the same. */
const CONTROL = 3;
const FIRST_LANE = 4;

/** Milliseconds that a process may take to end after its application has. */
const END_MS = 5000;
/** Milliseconds to wait for the last of its output. */
const OUTPUT_MS = 500;

/** What it says on its control socket: one line of JSON each. */
interface Told extends Partial<Loaded> {
  readonly ready?: boolean;
  readonly failed?: string;
  readonly details?: string;
  readonly files?: readonly string[];
  readonly publish?: ToldPublication;
}

export class PythonProcess implements PythonInstance {
  readonly noun = 'process';
  readonly isShared = true;
  readonly lanes: readonly ProcessLane[];
  /** Rejects with a ConfigError if the application cannot be loaded. */
  readonly loaded: Promise<Loaded>;
  isReady = false;
  /** Another one has its place. */
  replaced = false;
  /** A thread of it goes on with a request that was given up. */
  killWhenIdle = false;
  /** It is given no more requests. */
  retired = false;
  /** Requests after which another one takes its place. */
  limit = Number.POSITIVE_INFINITY;
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #control: Socket;
  readonly #onFile: ((file: string) => void) | undefined;
  /** Settle when nothing more can come. */
  readonly #outputs: readonly Promise<void>[];
  #told: { resolve(loaded: Loaded): void; reject(error: Error): void } | undefined;

  constructor(
    command: string,
    target: PythonTarget,
    options: PythonOptions & { readonly threads: number },
    events: InstanceEvents,
  ) {
    const { threads, chdir, env, pythonpath, workers, onFile } = options;
    this.#onFile = onFile;
    const streams = Array.from({ length: threads + 1 }, () => 'pipe' as const);
    this.#child = spawn(command, ['-u', SCRIPT], {
      cwd: chdir,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...streams],
    });
    const { pid = 0, stdio } = this.#child as { pid?: number; stdio: readonly unknown[] };
    this.loaded = new Promise((resolve, reject) => {
      this.#told = { resolve, reject };
    });
    // Whoever waits for it may come later.
    this.loaded.catch(() => undefined);
    this.#control = stdio[CONTROL] as Socket;
    this.lanes = Array.from({ length: threads }, (_, index) => {
      const socket = stdio[FIRST_LANE + index] as Socket;
      return new ProcessLane(index, socket, pid, () => {
        if (this.killWhenIdle && this.busy === 0) this.kill();
        events.laneFree(this);
      });
    });
    this.#outputs = [stdio[1], stdio[2]].map((stream) => logOutput(stream as Readable));
    this.#readControl();
    this.exited = this.#untilExit(events);
    this.#configure({
      ...target,
      path: [...pythonpath, chdir],
      threads,
      multiprocess: workers > 1,
      watch: onFile !== undefined,
    });
  }

  get label(): string {
    return `The Python process ${this.#child.pid ?? ''}`;
  }

  /** It has had a request. */
  get worked(): boolean {
    return this.lanes.some((lane) => lane.worked);
  }

  get requests(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.requests, 0);
  }

  get busy(): number {
    return this.lanes.filter((lane) => lane.isBusy).length;
  }

  freeLane(): ProcessLane | undefined {
    return this.isReady && !this.retired ? this.lanes.find((lane) => lane.isFree) : undefined;
  }

  /** Raises KeyboardInterrupt in the thread of a lane, if that still has the same request. */
  interrupt(lane: ProcessLane): void {
    this.#say({ interrupt: [lane.index, lane.request] });
  }

  /** Requests go on; then, or after so many milliseconds, it ends. */
  async end(grace: number): Promise<void> {
    this.retired = this.replaced = true;
    this.#child.ref();
    const timer = setTimeout(() => this.kill(), grace + END_MS);
    // Each lane closes when it has no request any more.
    for (const lane of this.lanes) lane.close();
    if (!this.isReady) this.kill();
    await this.exited;
    clearTimeout(timer);
  }

  kill(): void {
    this.retired = true;
    this.#child.kill('SIGKILL');
  }

  #configure(config: object): void {
    this.#say(config);
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
      for (const line of lines) this.#hear(JSON.parse(line) as Told);
    });
  }

  #hear(told: Told): void {
    const { ready, failed, details = '', files = [], implementation = '', version = '', address } = told;
    for (const file of files) this.#onFile?.(file);
    if (told.publish !== undefined) this.#publish(told.publish);
    if (ready === true) {
      this.isReady = true;
      this.#setRef(false);
      this.#told?.resolve({ implementation, version, address: address ?? undefined });
    } else if (failed !== undefined) {
      const trace = details === '' ? '' : `\n${details.trimEnd()}`;
      this.#told?.reject(new ConfigError(`The Python application could not be loaded: ${failed}${trace}`));
    }
  }

  /** Python blocks when it has published much, for nothing more is read. */
  #publish(told: ToldPublication): void {
    const paced = publishTold(told);
    if (paced === undefined) return;
    this.#control.pause();
    void paced.then(() => this.#control.resume());
  }

  /** A process that has nothing to do does not keep Node running. */
  #setRef(on: boolean): void {
    const { stdio } = this.#child;
    for (const stream of stdio) {
      const socket = stream as Partial<Socket> | null;
      if (on) socket?.ref?.();
      else socket?.unref?.();
    }
    if (on) this.#child.ref();
    else this.#child.unref();
  }

  async #untilExit(events: InstanceEvents): Promise<void> {
    const how = await howItEnds(this.#child);
    this.retired = true;
    this.#told?.reject(
      new ConfigError(`The Python process ended before it had loaded the application: ${how}`),
    );
    // What it wrote before it ended is still to be read.
    await Promise.all([...this.lanes.map((lane) => lane.ended()), ...this.#outputs.map(soon)]);
    for (const lane of this.lanes) lane.lose(lostError(`The Python process ended: ${how}`));
    this.#control.destroy();
    events.ended(this, how);
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
