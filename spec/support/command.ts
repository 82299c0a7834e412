/** The command `wsgi` as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CLI, NODE_OPTIONS } from './source.js';

const PATIENCE_MS = 100_000;
/** Less than the time limit of a spec (.mocharc.json), whose own message would not have what was said. */
const WORDS_MS = 50_000;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What to run instead of the command: the path of a module. */
  readonly script?: string;
  /** Without options of Node's: for what is JavaScript. */
  readonly plain?: boolean;
  /** A descriptor that it inherits as its descriptor 3. */
  readonly inherits?: number | undefined;
  /** As from systemd, which says so in the environment: how many sockets there are. */
  readonly listenFds?: number;
}

/** LISTEN_PID is the id of a process that does not exist yet: a shell has it, and becomes that process. */
const ACTIVATE = 'LISTEN_PID=$$ exec "$@"';

const running = new Set<Command>();

/** Kills what a test left behind; for `afterEach`. */
export async function killCommands(): Promise<void> {
  await Promise.all([...running].map((command) => command.kill()));
}

export class Command {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #exited: Promise<number | NodeJS.Signals>;

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const { cwd = process.cwd(), env = {}, script = CLI, plain = false } = options;
    const { PORT: _port, WSGI_CMD_ARGS: _words, NOTIFY_SOCKET: _socket, ...inherited } = process.env;
    // A group of its own, so that kill() also ends what --reload started.
    const words = [process.execPath, ...(plain ? [] : NODE_OPTIONS), script, ...args];
    const { inherits, listenFds } = options;
    if (listenFds !== undefined) words.unshift('sh', '-c', ACTIVATE, 'sh');
    const [program = '', ...rest] = words;
    this.child = spawn(program, rest, {
      cwd,
      detached: true,
      env: { ...inherited, ...(listenFds !== undefined && { LISTEN_FDS: `${listenFds}` }), ...env },
      stdio: ['pipe', 'pipe', 'pipe', ...(inherits === undefined ? [] : [inherits])],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    running.add(this);
    this.#exited = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this);
      return code ?? signal;
    });
  }

  /** The exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals> {
    return within(this.#exited, () => `it did not exit\n${this.#output()}`);
  }

  /**
   * Waits for text on standard output or error; gives the match.
   * @param patience milliseconds; to be less than the time limit of the spec.
   */
  async says(pattern: RegExp, patience = WORDS_MS): Promise<RegExpExecArray> {
    let found = pattern.exec(this.#output());
    const end = Date.now() + patience;
    while (found === null) {
      if (Date.now() > end || this.child.exitCode !== null) {
        throw new Error(`${pattern} was not said; what was said:\n${this.#output()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      found = pattern.exec(this.#output());
    }
    return found;
  }

  /** The address it prints once it listens. */
  async address(): Promise<string> {
    return (await this.says(/Server started at (\S+)/))[1] ?? '';
  }

  async kill(): Promise<void> {
    const { pid } = this.child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
    await this.#exited;
  }

  #output(): string {
    return this.stdout + this.stderr;
  }
}

/** Runs it to its end. */
export async function runCommand(args: readonly string[], options?: CommandOptions) {
  const command = new Command(args, options);
  const code = await command.exit();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

async function within<T>(promise: Promise<T>, complaint: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint())), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
