/** One server in a process of its own, and what it costs: CPU time and memory, as Linux counts them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const TICKS_PER_SECOND = 100;
export const CLI = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));
const SERVE = fileURLToPath(new URL('servers/serve.js', import.meta.url));

const children = new Set<ChildProcess>();
// Also when the bench fails.
process.on('exit', () => {
  for (const child of children) endFamily(child);
});
// And when it is stopped.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

export class ServerProcess {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(name: string, port: number, child: ChildProcess) {
    this.name = name;
    this.port = port;
    this.#child = child;
    children.add(child);
  }

  /**
   * A server of bench/servers, as compiled: TypeScript's loader would cost the calls of one more than another's.
   * @param options of Node.
   */
  static async node(name: string, options: readonly string[] = []): Promise<ServerProcess> {
    // As they run for users: Express, for one, compiles its views again for each request otherwise.
    const env = { ...process.env, NODE_ENV: 'production' };
    const args = [...options, SERVE, name];
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await new Promise<number>((resolve, reject) => {
      child.stdout?.once('data', (text: Buffer) => resolve(Number(text)));
      child.once('exit', () => reject(new Error(`${name} did not start`)));
    });
    return new ServerProcess(name, port, child);
  }

  /**
   * The command with as many workers, once all of them serve; 0: one process without a parent.
   * @param app of bench/servers, as compiled.
   * @param options more of the command.
   */
  static async wsgi(workers: number, app: string, options: readonly string[] = []): Promise<ServerProcess> {
    const name = workers === 0 ? 'one process' : `${workers} worker${workers === 1 ? '' : 's'}`;
    const args = [
      CLI,
      `${new URL(`servers/${app}`, import.meta.url).pathname}:application`,
      '-b',
      '127.0.0.1:0',
      ...options,
    ];
    if (workers > 0) args.push('--workers', String(workers));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.add(child);
    return new Promise((resolve, reject) => {
      let said = '';
      const hear = (text: Buffer) => {
        said += text;
        const port = Number(/Server started at http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? 0);
        if (port === 0 || (said.match(/Worker \d+ serves/g)?.length ?? 0) < workers) return;
        // What more it says is thrown away.
        for (const stream of [child.stdout, child.stderr]) stream.off('data', hear).resume();
        resolve(new ServerProcess(name, port, child));
      };
      for (const stream of [child.stdout, child.stderr]) stream.on('data', hear);
      child.once('exit', () => reject(new Error(`${name} did not start: ${said}`)));
    });
  }

  /**
   * A command that listens on the port it is given; undefined when it is not installed or does not start.
   * @param cwd the folder that it starts in.
   */
  static async command(
    name: string,
    build: (port: number) => string[],
    cwd?: string,
  ): Promise<ServerProcess | undefined> {
    const port = await freePort();
    const [command = '', ...args] = build(port);
    const child = spawn(command, args, { stdio: 'ignore', cwd });
    children.add(child);
    let failed = false;
    child.once('error', () => (failed = true));
    child.once('exit', () => (failed = true));
    // Pyodide takes long where it has no snapshot yet.
    for (let i = 0; i < 1200 && !failed; i++) {
      if (await answers(port)) return new ServerProcess(name, port, child);
      await delay(50);
    }
    endFamily(child);
    children.delete(child);
    return undefined;
  }

  /** CPU seconds of the process and its children so far. */
  cpuSeconds(): number {
    let ticks = 0;
    for (const pid of this.#pids()) {
      const fields = stat(pid);
      ticks += Number(fields[11]) + Number(fields[12]);
    }
    return ticks / TICKS_PER_SECOND;
  }

  /** CPU seconds of each of its children so far. */
  cpuOfChildren(): number[] {
    return this.#pids()
      .slice(1)
      .map((pid) => (Number(stat(pid)[11]) + Number(stat(pid)[12])) / TICKS_PER_SECOND);
  }

  /** Memory in MiB, with what processes share divided among them. */
  proportionalMemory(): number {
    const kibibytes = this.#pids().map((pid) => {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    });
    return kibibytes.reduce((total, one) => total + one, 0) / 1024;
  }

  /** Resident memory in MiB, now or at its highest. */
  memory(which: 'now' | 'peak'): number {
    const field = which === 'now' ? 'VmRSS' : 'VmHWM';
    let total = 0;
    for (const pid of this.#pids()) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      total += Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    }
    return total / 1024;
  }

  stop(): void {
    endFamily(this.#child);
    children.delete(this.#child);
  }

  #pids(): number[] {
    return familyOf(this.#child);
  }
}

/** The process ids of a child and of its children. */
function familyOf({ pid: root }: ChildProcess): number[] {
  if (root === undefined) return [];
  const others = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => Number(stat(pid)[1]) === root);
  return [root, ...others];
}

function endFamily(child: ChildProcess): void {
  // Before it ends: its children are no longer known as such then.
  const [, ...others] = familyOf(child);
  child.kill('SIGKILL');
  for (const pid of others) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended with its parent.
    }
  }
}

/** The fields of /proc/PID/stat after the command's name. */
function stat(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
