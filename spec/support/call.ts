/** Calls an application in this process as a server does, and keeps what it was told: a gateway of a few lines. */
import type {
  Application,
  Body,
  Bytes,
  Environ,
  ExcInfo,
  HeaderList,
  StartResponse,
} from '../../lib/environ/types.js';
import { setupTestingDefaults } from '../../lib/util/testing-defaults.js';

/** @param keys of environ, or PATH_INFO alone. */
export function environOf(keys: Readonly<Record<string, unknown>> | string = '/'): Environ {
  const given = typeof keys === 'string' ? { PATH_INFO: keys } : keys;
  const environ: Record<string, unknown> = Object.create(null);
  Object.assign(environ, { SCRIPT_NAME: '', PATH_INFO: '/', QUERY_STRING: '' }, given);
  setupTestingDefaults(environ);
  // Those that are undefined, too.
  Object.assign(environ, given);
  return environ as Environ;
}

/** What the gateway was told, and what it was given to send. */
export class Exchange {
  readonly environ: Environ;
  status = '';
  headers: HeaderList = [];
  excInfo: ExcInfo | null | undefined;
  /** What start_response was called with, each time. */
  readonly starts: Parameters<StartResponse>[] = [];
  readonly written: Bytes[] = [];
  /** As the application gave them. */
  readonly blocks: Bytes[] = [];
  returned: Body | Promise<Body> | undefined;

  constructor(environ: Environ = environOf()) {
    this.environ = environ;
  }

  readonly start_response = (...args: Parameters<StartResponse>) => {
    const [status, headers, exc_info] = args;
    const sent = this.written.length + this.blocks.length > 0;
    if (exc_info && sent) throw exc_info instanceof Error ? exc_info : exc_info[1];
    this.starts.push(args);
    this.status = status;
    this.headers = headers;
    this.excInfo = exc_info;
    return (data: Bytes) => void this.written.push(data);
  };

  get calls(): number {
    return this.starts.length;
  }

  /** Items of the body, one character per byte. */
  get items(): string[] {
    return this.blocks.map((block) => Buffer.from(block).toString('latin1'));
  }

  get text(): string {
    return Buffer.concat([...this.written, ...this.blocks]).toString();
  }

  get errors(): string {
    return String(this.environ['wsgi.errors']);
  }

  header(name: string): string | undefined {
    return this.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  }
}

/** The whole response: calls `app` once, iterates what it returns, and closes that. */
export async function call(app: Application, environ: Environ = environOf()): Promise<Exchange> {
  const exchange = new Exchange(environ);
  exchange.returned = app(environ, exchange.start_response);
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

/** A body that counts what is done with it. */
export class CountedBody implements Iterable<Bytes> {
  closed = 0;
  opened = 0;
  steps = 0;
  readonly #texts: readonly string[];

  constructor(...texts: string[]) {
    this.#texts = texts;
  }

  *[Symbol.iterator](): Generator<Bytes> {
    this.opened++;
    for (const text of this.#texts) {
      this.steps++;
      yield Buffer.from(text);
    }
  }

  close(): void {
    this.closed++;
  }
}

/** An application with one answer. */
export function answering(status: string, body: Body | string = status): Application {
  return (_environ, start_response) => {
    start_response(status, [['Content-Type', 'text/plain']]);
    return typeof body === 'string' ? [Buffer.from(body)] : body;
  };
}

/** Says where it is: `a [/a] [/b]`. */
export function placed(name: string): Application {
  return (environ, start_response) => {
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return [Buffer.from(`${name} [${environ.SCRIPT_NAME}] [${environ.PATH_INFO}]`, 'latin1')];
  };
}
