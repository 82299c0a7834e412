/** `fromFetchHandler`: a function from `Request` to `Response` as a WSGI application. */

import { inspect } from 'node:util';
import { isHopByHop } from '../../../environ/syntax.js';
import type { Application, Bytes, Environ } from '../../../environ/types.js';
import { ApplicationError, RequestError } from '../../../errors.js';
import { STATUS_CODES } from '../../../node-http.js';
import { mayHaveBody, rawHeadersOf, readSome, urlOf } from './environ-request.js';

/** A fetch handler; its second argument is the environ, which Hono shows as `c.env`. */
export type ForeignFetchHandler = (request: Request, environ: Environ) => Response | Promise<Response>;

/** Bytes that are read at once. */
const BLOCK = 64 * 1024;

/**
 * The application calls `handler` with a Request made from environ, streams its Response, and cancels it when the
 * client goes. `request.signal` is `node.abort_signal`.
 */
export function fromFetchHandler(handler: ForeignFetchHandler): Application {
  return async (environ, start_response) => {
    const response = await handler(makeRequest(environ), environ);
    if (!isResponse(response)) {
      throw new ApplicationError(
        `The fetch handler gave ${inspect(response, { depth: 0 })}, which is not a Response`,
      );
    }
    const body = response.body === null ? undefined : new StreamBody(response.body);
    try {
      const reason = response.statusText || STATUS_CODES[response.status] || '';
      const headers = [...response.headers].filter(([name]) => !isHopByHop(name));
      const write = start_response(`${response.status} ${reason}`, headers);
      // As a fetch server does: the head does not wait for a body that takes its time. An empty block sends it.
      if (body !== undefined && !(await body.isPrompt())) await write(Buffer.alloc(0));
    } catch (error) {
      await body?.close();
      throw error;
    }
    return body ?? [];
  };
}

/** Not by its class: hosts and packages have others than the global one. */
function isResponse(value: unknown): boolean {
  const { status, headers } = Object(value) as Partial<Response>;
  return typeof status === 'number' && headers !== undefined;
}

type Step = IteratorResult<Bytes, undefined>;

/** A ReadableStream as a body: what is left of it is cancelled by `close()`. */
class StreamBody implements AsyncIterable<Bytes> {
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #first: Promise<Step> | undefined;

  constructor(stream: ReadableStream<Bytes>) {
    this.#reader = stream.getReader();
  }

  /** True if the first block is there already, or as soon as the event loop comes round. */
  isPrompt(): Promise<boolean> {
    const first = this.#read();
    this.#first = first;
    return new Promise((resolve) => {
      const prompt = () => resolve(true);
      first.then(prompt, prompt);
      setImmediate(() => resolve(false));
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Bytes, undefined> {
    return {
      next: () => {
        const first = this.#first;
        this.#first = undefined;
        return first ?? this.#read();
      },
    };
  }

  #read(): Promise<Step> {
    return this.#reader.read() as Promise<Step>;
  }

  /** Does nothing to a stream that ended or failed: what it failed with was told. */
  close(): Promise<void> {
    return this.#reader.cancel().catch(() => undefined);
  }
}

/** @throws RequestError for what a Request cannot hold. */
function makeRequest(environ: Environ): Request {
  const { REQUEST_METHOD: method } = environ;
  const body = mayHaveBody(environ) && method !== 'GET' && method !== 'HEAD' ? inputStream(environ) : null;
  const raw = rawHeadersOf(environ);
  const headers = raw.flatMap((name, i): [string, string][] =>
    i % 2 === 0 ? [[name, raw[i + 1] as string]] : [],
  );
  const signal = environ['node.abort_signal'] ?? null;
  try {
    return new Request(urlOf(environ), { method, headers, body, signal, duplex: 'half' });
  } catch (error) {
    // The Fetch standard forbids CONNECT, TRACE and TRACK, and a URL that the URL standard cannot parse.
    const fault = new RequestError(400, 'This request cannot be handed to a fetch handler');
    fault.cause = error;
    throw fault;
  }
}

/** Nothing is read before the handler does: the first read is what answers `Expect: 100-continue`. */
function inputStream(environ: Environ): ReadableStream<Bytes> {
  return new ReadableStream<Bytes>(
    {
      pull: async (controller) => {
        const bytes = await readSome(environ, BLOCK);
        if (bytes.length === 0) controller.close();
        else controller.enqueue(bytes);
      },
    },
    { highWaterMark: 0 },
  );
}
