/** One file of examples/ in a process, as a reader would start it or beside others. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { get, type IncomingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { NODE_OPTIONS, ROOT, scriptOf } from '../support/source.js';

export const FOLDER = `${ROOT}examples/`;
const PATIENCE_MS = 50_000;

/** Their names, without `.ts`. */
export function exampleNames(): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ts'));
  return files.map((file) => file.slice(0, -'.ts'.length));
}

/** What Node is started with to run one. */
export function commandOf(name: string): string[] {
  return [...NODE_OPTIONS, pathOf(name)];
}

function pathOf(name: string): string {
  return scriptOf(`../../examples/${name}.ts`, import.meta.url);
}

/** A process for examples that run one after the other. */
export function startHost(): ChildProcess {
  return fork(scriptOf('host.ts', import.meta.url), {
    execArgv: [...NODE_OPTIONS],
    env: environment(),
    silent: true,
  });
}

function environment() {
  return { ...process.env, PORT: '0' };
}

/** What an example is for, and how that shows. */
export interface Check {
  readonly does: string;
  check(example: Example): Promise<void>;
}

export class Example {
  /** Standard output and error since it began. */
  output = '';
  /** Where it says that it listens: `http://127.0.0.1:PORT`. */
  url = '';
  readonly #child: ChildProcess;
  readonly #shared: boolean;

  private constructor(name: string, host: ChildProcess | undefined) {
    this.#shared = host !== undefined;
    this.#child = host ?? spawn(process.execPath, commandOf(name), { env: environment() });
    for (const stream of this.#streams) stream?.setEncoding('utf8').on('data', this.#onOutput);
    host?.send(pathOf(name));
  }

  /** @param host where it runs, in which no other runs now; its own process by default. */
  static async start(name: string, host?: ChildProcess): Promise<Example> {
    const example = new Example(name, host);
    try {
      example.url = (await example.says(/http:\/\/[\d.]+:\d+/))[0];
    } catch (error) {
      await example.end();
      throw error;
    }
    return example;
  }

  /** Waits until what it wrote matches. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (Date.now() > end || this.#child.exitCode !== null) {
        throw new Error(`${pattern} did not come in ${JSON.stringify(this.output)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  fetch(path = '/', options?: RequestInit): Promise<Response> {
    return fetch(this.url + path, options);
  }

  async text(path = '/', options?: RequestInit): Promise<string> {
    return (await this.fetch(path, options)).text();
  }

  /** Connects, sends, and returns the first `count` messages that come, or those until `count` says that it is enough. */
  async talk(
    count: number | ((received: readonly string[]) => boolean),
    send: readonly string[] = [],
    path = '/',
    protocols: string[] = [],
  ) {
    const socket = new WebSocket(this.url.replace('http', 'ws') + path, protocols);
    const received: string[] = [];
    const isEnough = typeof count === 'function' ? count : () => received.length === count;
    const enough = new Promise<void>((resolve, reject) => {
      let done = false;
      socket.on('message', (data) => {
        // On a busy machine more may come before this is heard of.
        if (done) return;
        received.push(String(data));
        done = isEnough(received);
        if (done) resolve();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve());
    });
    socket.on('open', () => {
      for (const message of send) socket.send(message);
    });
    await enough;
    socket.close();
    return received;
  }

  /** Status and body of the response that refuses a WebSocket. */
  refusal(path: string): Promise<{ status: number | undefined; body: string }> {
    const socket = new WebSocket(this.url.replace('http', 'ws') + path);
    return new Promise((resolve, reject) => {
      socket.on('open', () => reject(new Error('It opened')));
      socket.on('error', reject);
      socket.on('unexpected-response', async (_request, response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode, body });
      });
    });
  }

  /** The headers of the 103, and the body of the final response. */
  hints(): Promise<{ headers: IncomingHttpHeaders | undefined; body: string }> {
    return new Promise((resolve, reject) => {
      let headers: IncomingHttpHeaders | undefined;
      const request = get(this.url, async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        resolve({ headers, body });
      });
      request.on('information', (information) => {
        if (information.statusCode === 103) headers = information.headers;
      });
      request.on('error', reject);
    });
  }

  async end(): Promise<void> {
    for (const stream of this.#streams) stream?.off('data', this.#onOutput);
    if (!this.#shared) await kill(this.#child);
  }

  get #streams() {
    return [this.#child.stdout, this.#child.stderr];
  }

  readonly #onOutput = (text: string): void => {
    this.output += text;
  };
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  for (const stream of [child.stdout, child.stderr]) stream?.resume();
  await ended;
}
