/** A child process and all that it starts: one group, which ends as a whole, also when this process is ended. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is kept of what the child wrote, in characters. */
const OUTPUT_LIMIT = 16 * 1024;
const TAIL_LINES = 20;
/** Milliseconds that it has to end by itself. */
const GRACE_MS = 5000;
const WINDOWS = process.platform === 'win32';

/** Groups that run. Ended when this process exits, for whatever reason it can act on. */
const running = new Set<ChildGroup>();

export class ChildGroup {
  readonly name: string;
  /** Standard output and error: the first of it until the limit, then the last. */
  output = '';
  /** How it ended: `with exit code 1`; undefined while it runs. */
  ended: string | undefined;
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    this.#exit = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.ended ??= `because it could not start: ${error.message}`;
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.ended ??= signal === null ? `with exit code ${code}` : `by ${signal}`;
        resolve();
      });
    });
    if (running.size === 0) process.on('exit', killAll);
    running.add(this);
  }

  /** Runs a command as a person would in a shell. */
  static shell(command: string): ChildGroup {
    const child = spawn(command, { shell: true, detached: !WINDOWS, stdio: ['ignore', 'pipe', 'pipe'] });
    return new ChildGroup(`the command ${JSON.stringify(command)}`, child);
  }

  /** Runs Node, with the address and port that the environment may name for `wsgi` left out. */
  static node(args: readonly string[]): ChildGroup {
    const { PORT: _unset, ...env } = process.env;
    const child = spawn(process.execPath, args, {
      detached: !WINDOWS,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ChildGroup('the server', child);
  }

  /** The end of what it wrote, to stand after a sentence. */
  tail(): string {
    const lines = this.output.trimEnd().split('\n').slice(-TAIL_LINES);
    return lines.join('') === '' ? '' : `:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }

  /** Waits until it ends by itself. @param signal stops it. @returns how it ended, `with exit code 0`. */
  async end(signal?: AbortSignal): Promise<string> {
    const abort = () => void this.stop();
    signal?.addEventListener('abort', abort);
    await this.#exit;
    signal?.removeEventListener('abort', abort);
    this.#forget();
    return this.ended ?? '';
  }

  /** SIGTERM to the group, and SIGKILL to what is left of it: a shell may end before its children do. */
  async stop(): Promise<void> {
    if (!running.has(this)) return;
    this.#signal('SIGTERM');
    const end = performance.now() + GRACE_MS;
    // Asked again and again, for the children of a shell that has ended are not announced.
    while (this.#isAlive() && performance.now() < end) await sleep(20);
    this.#signal('SIGKILL');
    await this.#exit;
    this.#forget();
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #forget(): void {
    running.delete(this);
    if (running.size === 0) process.removeListener('exit', killAll);
    // What inherited the pipes and left the group would keep this process alive.
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  #isAlive(): boolean {
    const { pid } = this.#child;
    if (pid === undefined || WINDOWS) return this.ended === undefined;
    try {
      // Signal 0 only asks (kill(2)).
      process.kill(-pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  #signal(name: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    if (WINDOWS) {
      if (this.ended === undefined)
        spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
      return;
    }
    try {
      process.kill(-pid, name);
    } catch {
      // All of it has ended.
    }
  }

  #take(text: string): void {
    const joined = this.output + text;
    if (joined.length <= OUTPUT_LIMIT) this.output = joined;
    else this.output = `${joined.slice(0, OUTPUT_LIMIT / 4)}\n…\n${joined.slice(-OUTPUT_LIMIT / 2)}`;
  }
}

function killAll(): void {
  for (const group of running) group.kill();
}
