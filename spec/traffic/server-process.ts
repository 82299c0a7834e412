/** Starts and stops the server under random traffic, and asks it what it holds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../support/compiled.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { Mode } from './modes.js';
import type { Measure, Reply, Request } from './server.js';

const CERTIFICATES = new URL('../server/fixtures/', import.meta.url);
/** Milliseconds for what the process is told to do. */
const PATIENCE_MS = 60_000;

let script: string | undefined;

export class ServerProcess {
  readonly mode: Mode;
  port = 0;
  /** What it wrote to standard error: with faults in the traffic, much. */
  log = '';
  readonly #child: ChildProcess;
  readonly #gone: Promise<never>;
  readonly #victims: string;

  private constructor(mode: Mode) {
    script ??= compile('spec/traffic/server.ts');
    const path = (name: string) => fileURLToPath(new URL(name, CERTIFICATES));
    const tls = { certfile: path('localhost-cert.pem'), keyfile: path('localhost-key.pem') };
    this.mode = mode;
    this.#victims = join(temporaryFolder({ victims: '' }), 'victims');
    this.#child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        ...process.env,
        TRAFFIC_HOST: mode.host,
        TRAFFIC_OPTIONS: JSON.stringify({ ...mode.options, ...(mode.tls ? tls : {}) }),
        TRAFFIC_VICTIMS: this.#victims,
        // With an arena for each thread, what is free in them would be taken for what is held.
        MALLOC_ARENA_MAX: '2',
      },
    });
    this.#gone = once(this.#child, 'exit').then(([code, signal]) => {
      throw new Error(`The server process ended (${code ?? signal}): ${this.log.slice(-2000)}`);
    });
    this.#gone.catch(() => undefined);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-100_000);
    });
  }

  static async start(mode: Mode): Promise<ServerProcess> {
    const server = new ServerProcess(mode);
    const reply = await server.#hears();
    if ('listens' in reply) server.port = reply.listens;
    return server;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Requests that a thread had when it ended. */
  get victims(): ReadonlySet<string> {
    return new Set(readFileSync(this.#victims, 'utf8').split('\n'));
  }

  async measure(): Promise<Measure> {
    const reply = await this.#ask('measure');
    if (!('measure' in reply)) throw new Error('The server did not tell what it holds');
    return reply.measure;
  }

  /** @throws Error if the server does not stop, or its process does not end by itself then. */
  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    await this.#ask('stop');
    const [code] = (await within(ended, 'The process did not end after its server had stopped')) as [number];
    if (code !== 0) throw new Error(`The process ended with ${code}: ${this.log.slice(-2000)}`);
  }

  kill(): void {
    if (this.alive) this.#child.kill('SIGKILL');
  }

  #ask(request: Request): Promise<Reply> {
    this.#child.send(request);
    return this.#hears();
  }

  async #hears(): Promise<Reply> {
    const heard = once(this.#child, 'message');
    const [message] = await within(Promise.race([heard, this.#gone]), 'The server process says nothing');
    return message as Reply;
  }
}

/** @throws Error with that complaint after a minute. */
export async function within<T>(
  work: Promise<T>,
  complaint: string | (() => string),
  patience = PATIENCE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const complain = () => {
      const text = typeof complaint === 'string' ? complaint : complaint();
      reject(new Error(`${text} (${patience / 1000} s)`));
    };
    timer = setTimeout(complain, patience);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
