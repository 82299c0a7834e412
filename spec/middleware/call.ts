/** Calls an application without a server, step by step as a server does. */
import type {
  Application,
  Body,
  Bytes,
  Environ,
  HeaderList,
  StartResponse,
} from '../../lib/environ/types.js';
import { setupTestingDefaults } from '../../lib/util/testing-defaults.js';

export interface Called {
  status: string | undefined;
  headers: HeaderList;
  /** What start_response was called with, each time. */
  readonly starts: Parameters<StartResponse>[];
  readonly written: Bytes[];
}

export interface Answer extends Called {
  /** Items of the body as text. */
  readonly items: string[];
  readonly text: string;
}

export function environOf(keys: Readonly<Record<string, unknown>> | string = '/'): Environ {
  const environ: Record<string, unknown> = typeof keys === 'string' ? { PATH_INFO: keys } : { ...keys };
  environ['SCRIPT_NAME'] ??= '';
  environ['PATH_INFO'] ??= '/';
  environ['QUERY_STRING'] ??= '';
  setupTestingDefaults(environ);
  return environ as Environ;
}

/** A `start_response` that keeps what it is given. */
export function recorder(): Called & { start_response: StartResponse } {
  const called: Called = { status: undefined, headers: [], starts: [], written: [] };
  return Object.assign(called, {
    start_response(...args: Parameters<StartResponse>) {
      const [status, headers] = args;
      Object.assign(called, { status, headers });
      called.starts.push(args);
      return (data: Bytes) => void called.written.push(data);
    },
  });
}

/** The whole response; `close()` of the body is called at the end. */
export async function call(app: Application, environ: Environ = environOf()): Promise<Answer> {
  const called = recorder();
  const body = await app(environ, called.start_response);
  const items: string[] = [];
  try {
    for await (const item of body) items.push(Buffer.from(item).toString('latin1'));
  } finally {
    await body.close?.();
  }
  return Object.assign(called, { items, text: items.join('') });
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

export function headerOf({ headers }: Called, name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1];
}
