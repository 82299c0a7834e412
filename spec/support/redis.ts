/** Debian's redis-server as a child process, on a Unix socket of its own; it can be killed, and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createClient } from 'redis';
import { freePort } from '../../lib/porting/compare/target/start-server.js';
import { findProgram } from './program.js';
import { temporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

const running = new Set<RedisServer>();

export class RedisServer {
  readonly folder = temporaryFolder();
  readonly path = join(this.folder, 'redis.sock');
  /** Of `onPort`. */
  port = 0;
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

  /** Listens on a free port as well. @param flag that names the port: `--port`, or `--tls-port`. */
  static async onPort(flag: string, words: readonly string[], password?: string): Promise<RedisServer> {
    const port = await freePort();
    const server = new RedisServer([flag, `${port}`, '--bind', '127.0.0.1', ...words], password);
    server.port = port;
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

  /** How many connections it has, beside the one that asks: those with subscriptions, and the others. */
  async connections(): Promise<{ subscribed: number; others: number }> {
    const list = String(await this.command('CLIENT', 'LIST'));
    const others = list.split('\n').filter((line) => line !== '' && !line.includes(' cmd=client|list '));
    const subscribed = others.filter((line) => / flags=\w*P/.test(line)).length;
    return { subscribed, others: others.length - subscribed };
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
