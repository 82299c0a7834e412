/** A server whose handlers, those of app.ts, run in threads; and what they wrote down. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { resolveOptions, type ServerOptions } from '../../../lib/server/options/options.js';
import { Server } from '../../../lib/server/server.js';
import { exchange, type Reply } from '../../support/peer.js';
import { scriptOf } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const SCRIPT = scriptOf('app.ts', import.meta.url);

/** An error log for server and threads: `captureLog()` does not get what threads say. */
export class SharedLog {
  readonly errorLogfile = join(temporaryFolder({ log: '' }), 'log');

  get text(): string {
    return readFileSync(this.errorLogfile, 'utf8');
  }
}

export class Threads {
  readonly server: Server;
  /** Of clients that are there. */
  readonly sockets = new Set<Socket>();
  readonly #record: string;

  private constructor(server: Server, record: string) {
    this.server = server;
    this.#record = record;
    server.http.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(options: ServerOptions = {}, only?: string, script = SCRIPT): Promise<Threads> {
    const record = join(temporaryFolder({ record: '' }), 'record');
    process.env['WSGI_SPEC_RECORD'] = record;
    if (only !== undefined) process.env['WSGI_SPEC_ONLY'] = only;
    const given = { host: '127.0.0.1', port: 0, threads: 2, gracefulTimeout: 0.5, ...options };
    const server = new Server(() => [], resolveOptions(given), { script });
    try {
      await server.listening;
    } finally {
      delete process.env['WSGI_SPEC_ONLY'];
    }
    return new Threads(server, record);
  }

  get port(): number {
    return this.server.serverPort;
  }

  fetch(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init);
  }

  async text(path: string, init?: RequestInit): Promise<string> {
    return (await this.fetch(path, init)).text();
  }

  send(send: string | Buffer, more: { responses?: number; limit?: number } = {}): Promise<Reply> {
    return exchange({ port: this.port, send, ...more });
  }

  /** What the handlers wrote down, a line each. */
  get record(): string[] {
    return readFileSync(this.#record, 'utf8').split('\n').slice(0, -1);
  }

  clear(): void {
    writeFileSync(this.#record, '');
  }

  /** Waits for a line. */
  wrote(line: string, times = 1): Promise<void> {
    const test = () => this.record.filter((one) => one === line).length >= times;
    return until(test, `"${line}" in ${JSON.stringify(this.record)}`);
  }

  /** Lets handlers go on that wait at the gate of this name. */
  open(gate: string): void {
    writeFileSync(`${this.#record}.${gate}`, '');
  }

  async stop(): Promise<void> {
    await this.server.close();
    removeTemporaryFolders();
  }
}
