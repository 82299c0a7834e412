/** `--reload`: a supervisor of one process that serves, and starts it again when a file changes that it has loaded. */
import inspector from 'node:inspector';
import { isAbsolute, relative } from 'node:path';
import { ignore } from '../../environ/maybe-promise.js';
import { takeLogSignal } from '../log/log-file.js';
import { hadTerminal, lostTerminal } from '../signals.js';
import { RELOAD_GRACE_S } from './child-report.js';
import { FileWatch } from './file-watch.js';
import { describeEnding, type Ending, type ServerCommand, ServerProcess } from './server-process.js';

/** Milliseconds after which a process that was told to stop is killed: a handler may hold its event loop. */
const PATIENCE_MS = RELOAD_GRACE_S * 1000 + 1000;

/**
 * Runs a server until this process is told to stop. Resolves to the exit code.
 * @param folder that of the application. @param configFile is watched even if it is not there.
 */
export function runReloading(command: ServerCommand, folder: string, configFile: string): Promise<number> {
  // The debugger is for the process that has the application, which finds its port taken otherwise.
  if (inspector.url() !== undefined) inspector.close();
  return new Reloader(command, folder, configFile).run();
}

class Reloader {
  readonly #command: ServerCommand;
  readonly #folder: string;
  readonly #watch: FileWatch;
  #server: ServerProcess | undefined;
  /** The process is to be started again. */
  #again = false;
  #stopping = false;
  /** Ends the wait for a change, while there is no process. */
  #wake: (() => void) | undefined;

  constructor(command: ServerCommand, folder: string, configFile: string) {
    this.#command = command;
    this.#folder = folder;
    this.#watch = new FileWatch(folder, [configFile], (files) => this.#filesChanged(files));
  }

  async run(): Promise<number> {
    this.#handleSignals();
    while (!this.#stopping) {
      this.#again = false;
      this.#watch.starts();
      this.#server = new ServerProcess(this.#command, PATIENCE_MS, (report) => {
        if ('file' in report) this.#watch.loads(report.file, report.state);
        else this.#watch.isReady();
      });
      const ending = await this.#server.ended;
      if (ending.forced) complain(`The server did not stop within ${PATIENCE_MS / 1000} s and was killed`);
      if (!this.#stopping && !this.#again) await this.#waitForChange(ending, this.#server.ready);
    }
    this.#watch.stop();
    return 0;
  }

  async #waitForChange(ending: Ending, served: boolean): Promise<void> {
    this.#server = undefined;
    this.#watch.isGone();
    const what = served || ending.code === null ? describeEnding(ending) : 'did not start';
    complain(`The server ${what}. It is started again when a file of the application changes`);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #filesChanged(files: readonly string[]): void {
    const [first = '', ...others] = files.map((file) => this.#shown(file)).sort();
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    this.#reload(`${first}${more} changed`);
  }

  #reload(why: string): void {
    if (this.#stopping) return;
    console.log(`${why}: reloading`);
    // A second signal would end the requests of one that stops already.
    if (!this.#again) this.#server?.stop();
    this.#again = true;
    this.#wake?.();
  }

  /** @param told the process may have the same signal from the terminal. */
  #stop(told: boolean): void {
    this.#stopping = true;
    this.#server?.stop(told);
    this.#wake?.();
  }

  #handleSignals(): void {
    process.on('SIGTERM', () => this.#stop(false));
    process.on('SIGINT', () => this.#stop(hadTerminal));
    process.on('SIGHUP', () => {
      if (lostTerminal()) this.#stop(true);
      else this.#reload('SIGHUP');
    });
    takeLogSignal();
    process.on('SIGUSR1', () => this.#server?.signal('SIGUSR1'));
    // The log has no reader any more.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', ignore);
  }

  /** From the folder of the application, if it lies there. */
  #shown(file: string): string {
    const path = relative(this.#folder, file);
    return path.startsWith('..') || isAbsolute(path) ? file : path;
  }
}

function complain(text: string): void {
  process.stderr.write(`wsgi: ${text}\n`);
}
