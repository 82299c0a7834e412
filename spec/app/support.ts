/** A gateway of a few lines: calls an application in process and gathers what it answers. */

import { Response } from '../../lib/app/response.js';
import type { Handler } from '../../lib/app/routes.js';
import type { Application, Body, Environ, ExcInfo, HeaderList } from '../../lib/environ/types.js';
import type { WebSocket } from '../../lib/environ/websocket/websocket.js';
import { logger } from '../../lib/logger.js';

/** What wsgi.errors got. */
export class Errors {
  text = '';
  write(text: string): void {
    this.text += text;
  }
  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line);
  }
  flush(): void {}
}

export function makeEnviron(overrides: Record<string, unknown> = {}): Environ {
  return Object.assign(Object.create(null), {
    REQUEST_METHOD: 'GET',
    SCRIPT_NAME: '',
    PATH_INFO: '/',
    QUERY_STRING: '',
    SERVER_NAME: 'localhost',
    SERVER_PORT: '80',
    SERVER_PROTOCOL: 'HTTP/1.1',
    'wsgi.errors': new Errors(),
    ...overrides,
  });
}

/** What the gateway was told, and what it sent. */
export class Exchange {
  environ: Environ;
  status = '';
  headers: HeaderList = [];
  excInfo: ExcInfo | null | undefined;
  /** Calls of start_response. */
  calls = 0;
  written: Uint8Array[] = [];
  /** As the application gave them. */
  blocks: Uint8Array[] = [];
  returned: Body | Promise<Body> | undefined;

  constructor(environ: Environ) {
    this.environ = environ;
  }

  start_response = (status: string, headers: HeaderList, exc_info?: ExcInfo | null) => {
    const sent = this.written.length + this.blocks.length > 0;
    if (exc_info && sent) throw exc_info instanceof Error ? exc_info : exc_info[1];
    this.calls++;
    this.status = status;
    this.headers = headers;
    this.excInfo = exc_info;
    return (data: Uint8Array) => void this.written.push(data);
  };

  get text(): string {
    return Buffer.concat([...this.written, ...this.blocks]).toString();
  }

  get errors(): string {
    return (this.environ['wsgi.errors'] as Errors).text;
  }

  header(name: string): string | undefined {
    return this.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  }
}

/** Calls `app` once, and iterates and closes what it returns. */
export async function request(app: Application, overrides: Record<string, unknown> = {}): Promise<Exchange> {
  const exchange = new Exchange(makeEnviron(overrides));
  exchange.returned = app(exchange.environ, exchange.start_response);
  const body = await exchange.returned;
  try {
    for await (const block of body) {
      if (!(block instanceof Uint8Array)) throw new TypeError('a block is not bytes');
      exchange.blocks.push(block);
    }
  } finally {
    await body.close?.();
  }
  return exchange;
}

/** One handler without an application around it. */
export function respond(handler: Handler, overrides: Record<string, unknown> = {}): Promise<Exchange> {
  return request((environ, start_response) => new Response(environ, start_response).run(handler), overrides);
}

/** `wsgi.websocket` without a network: the spec plays the peer. */
export class FakeSocket {
  opened = false;
  closed = false;
  protocols: string[] = [];
  supportedProtocols: readonly string[] = [];
  protocol = '';
  closeReason: string | undefined;
  error: Error | undefined;
  sent: unknown[] = [];
  #arrived: (string | Buffer | null | Error)[] = [];
  #wake: (() => void) | undefined;

  accept(): void {
    this.opened = true;
  }

  send(message: string | Buffer): void | Promise<void> {
    this.opened = true;
    this.sent.push(message);
  }

  async receive(): Promise<string | Buffer | null> {
    this.opened = true;
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const next = this.#arrived.shift() as string | Buffer | null | Error;
    if (next === null) this.closed = true;
    if (next instanceof Error) throw next;
    return next;
  }

  /** A message of the peer; null closes, an Error is thrown by `receive`. */
  arrive(message: string | Buffer | null | Error): void {
    this.#arrived.push(message);
    this.#wake?.();
  }

  /** For environ. */
  get environ(): { 'wsgi.websocket': WebSocket } {
    return { 'wsgi.websocket': this as unknown as WebSocket };
  }

  /** For calls of handlers. */
  get client(): WebSocket {
    return this as unknown as WebSocket;
  }
}

/** Catches the lines of the logger while `work` runs, at `level`. */
export async function logged(level: number, work: () => unknown): Promise<string> {
  const before = { level: logger.level, stream: logger.stream };
  const lines: string[] = [];
  logger.level = level;
  logger.stream = { write: (line: string) => lines.push(line) };
  try {
    await work();
  } finally {
    Object.assign(logger, before);
  }
  return lines.join('');
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
