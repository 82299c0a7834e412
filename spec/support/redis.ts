/** Debian's redis-server as a child process, on a Unix socket of its own; it can be killed, and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createClient } from 'redis';
import { findProgram } from './program.js';
import { temporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

const running = new Set<RedisServer>();

export class RedisServer {
  readonly folder = temporaryFolder();
  readonly path = join(this.folder, 'redis.sock');
  readonly #words: readonly string[];
  #child: ChildProcess | undefined;
  readonly #password: string | undefined;

  /** @param words more of its settings, as on its command line. */
  constructor(words: readonly string[] = [], password?: string) {
    this.#words = words;
    this.#password = password;
  }

  static async start(words?: readonly string[], password?: string): Promise<RedisServer> {
    const server = new RedisServer(words, password);
    await server.start();
    return server;
  }

  /** @param query `?prefix=…`. */
  url(query = ''): string {
    return `redis+unix://${this.path}${query}`;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const settings = ['--port', '0', '--unixsocket', this.path, '--save', '', '--dir', this.folder];
    const secret = this.#password === undefined ? [] : ['--requirepass', this.#password];
    this.#child = spawn(
      findProgram('redis-server') ?? 'redis-server',
      [...settings, ...secret, ...this.#words],
      { stdio: 'ignore' },
    );
    running.add(this);
    process.once('exit', this.#end);
    await until(() => this.#answers(), 'the start of redis-server');
  }

  /** As `kill -9`. Resolves when it has ended. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    running.delete(this);
    process.removeListener('exit', this.#end);
    if (child === undefined) return;
    const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await exited;
  }

  /** From now on it answers nothing, and closes nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** One command of a connection of its own, and its answer. */
  async command(...words: string[]): Promise<unknown> {
    const client = await this.#connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** How many connections with this flag there are: `P` have subscriptions, `N` have none. */
  async connections(flag: 'N' | 'P'): Promise<number> {
    const list = String(await this.command('CLIENT', 'LIST'));
    return list.split('\n').filter((line) => line.includes(` flags=${flag} `) && !line.includes('cmd=client')).length;
  }

  async #connect() {
    const client = createClient({
      socket: { path: this.path, reconnectStrategy: false },
      ...(this.#password === undefined ? {} : { password: this.#password }),
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command('PING')) === 'PONG';
    } catch {
      return false;
    }
  }

  readonly #end = (): void => {
    this.#child?.kill('SIGKILL');
  };
}

/** For `after`. */
export async function killRedis(): Promise<void> {
  await Promise.all([...running].map((server) => server.kill()));
}
