/** The side of the supervisor: one process that serves. Starts it, stops it within a bound, and says how it ended. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { ignore } from '../../environ/maybe-promise.js';
import { type Report, SUPERVISOR } from './child-report.js';

export interface ServerCommand {
  /** The file that Node runs, with the options of Node that this process has. */
  readonly script: string;
  readonly argv: readonly string[];
  readonly folder: string;
  /** Default: those of this process. */
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It did not stop within its bound. */
  readonly forced: boolean;
  /** It could not even be started. */
  readonly error?: Error | undefined;
}

/** Milliseconds for the last reports of a process that has ended. */
const LAST_WORDS_MS = 200;

export class ServerProcess {
  /** It serves. */
  ready = false;
  /** Resolves when it has ended, whatever ended it. */
  readonly ended: Promise<Ending>;
  protected readonly child: ChildProcess;
  readonly #patience: number;
  #stopping = false;
  #over = false;
  #forced = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param patience milliseconds that it has to stop before it is killed.
   * @param differing for a process that gets more than one that `--reload` starts.
   */
  constructor(
    { script, argv, folder, execArgv = process.execArgv, env = process.env }: ServerCommand,
    patience: number,
    onReport: (report: Report) => void,
    differing: Pick<SpawnOptions, 'env' | 'stdio'> = {},
  ) {
    this.#patience = patience;
    this.child = spawn(process.execPath, [...execArgv, script, ...argv], {
      cwd: folder,
      // Its reports, and a pipe whose end tells it that this process has ended: see `supervised.ts`.
      stdio: differing.stdio ?? ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
      env: { ...env, ...(differing.env ?? { [SUPERVISOR]: String(process.pid) }) },
    });
    for (const stream of this.child.stdio) stream?.on('error', ignore);
    this.ended = this.#watch(onReport);
  }

  /**
   * Stops it gracefully, and by force if that takes too long. A second call lets it stop at once.
   * @param told it may know already: a terminal sends Ctrl-C to all processes in front of it.
   */
  stop(told = false): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    // For a server that was told it would be the second signal, which ends its requests.
    if (!told) this.signal('SIGTERM');
    const first = !this.#stopping;
    this.#stopping = true;
    this.#timer = setTimeout(
      () => (told && first ? this.stop() : this.#force()),
      first ? this.#patience : this.#patience / 2,
    );
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#over) this.child.kill(name);
  }

  /** @param patience milliseconds until it is killed, if it has not ended by then. */
  protected killAfter(patience: number): void {
    clearTimeout(this.#timer);
    if (!this.#over) this.#timer = setTimeout(() => this.#force(), patience);
  }

  #force(): void {
    this.#forced = true;
    this.signal('SIGKILL');
  }

  #watch(onReport: (report: Report) => void): Promise<Ending> {
    const { child } = this;
    const reports = child.stdio[3] as Readable | null | undefined;
    const read = new Promise<void>((resolve) => {
      if (!reports) return resolve();
      createInterface({ input: reports }).on('line', (line) => {
        const report = parseReport(line);
        if (report === undefined) return;
        if ('ready' in report) this.ready = true;
        onReport(report);
      });
      reports.once('close', resolve);
    });
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null, error?: Error) => {
        this.#over = true;
        clearTimeout(this.#timer);
        // What it started itself may hold the pipe open.
        const late = new Promise((go) => setTimeout(go, LAST_WORDS_MS).unref());
        void Promise.race([read, late]).then(() => resolve({ code, signal, forced: this.#forced, error }));
      };
      child.once('error', (error) => {
        if (child.pid === undefined) end(null, null, error);
      });
      child.once('exit', (code, signal) => end(code, signal));
    });
  }
}

/** How a process ended that was not told to, as the end of a sentence. */
export function describeEnding({ code, signal, error }: Ending): string {
  if (error !== undefined) return `could not be started: ${error.message}`;
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

/** An application may write to any descriptor; what is not a report is not ours. */
function parseReport(line: string): Report | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Report) : undefined;
  } catch {
    return undefined;
  }
}
