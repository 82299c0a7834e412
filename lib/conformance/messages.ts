/** Requests as bytes, and the short applications that most scenarios need. */
import assert from 'node:assert/strict';
import type { Application, Bytes, Environ, HeaderList } from '../environ/types.js';
import type { RawResponse } from './responses.js';

const CRLF = '\r\n';

/** A request as it is sent. */
export function message(line: string, fields: string[], body = ''): string {
  return [line, ...fields, '', body].join(CRLF);
}

export function get(target = '/', ...fields: string[]): string {
  return message(`GET ${target} HTTP/1.1`, ['Host: h', ...fields]);
}

export function get10(target = '/', ...fields: string[]): string {
  return message(`GET ${target} HTTP/1.0`, fields);
}

export function head(target = '/', ...fields: string[]): string {
  return message(`HEAD ${target} HTTP/1.1`, ['Host: h', ...fields]);
}

/** With the Content-Length of its body. */
export function post(body: string, ...fields: string[]): string {
  return message('POST / HTTP/1.1', ['Host: h', `Content-Length: ${body.length}`, ...fields], body);
}

export function postChunks(chunks: string[], ...fields: string[]): string {
  return message('POST / HTTP/1.1', ['Host: h', 'Transfer-Encoding: chunked', ...fields], inChunks(chunks));
}

/** The chunked coding, terminator included. */
export function inChunks(chunks: string[]): string {
  return [
    ...chunks.map((chunk) => `${chunk.length.toString(16)}${CRLF}${chunk}${CRLF}`),
    `0${CRLF}${CRLF}`,
  ].join('');
}

export const PLAIN: HeaderList = [['Content-Type', 'text/plain']];

export const KEEP_ALIVE = 'Connection: Keep-Alive';
export const CLOSE = 'Connection: close';

/** One character per byte. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

export function texts(...values: string[]): Buffer[] {
  return values.map(text);
}

export function plain(length?: number | string): HeaderList {
  return length === undefined ? PLAIN : [...PLAIN, ['Content-Length', String(length)]];
}

/** Claims that the responses have these bodies, in their order. */
export function haveBodies(responses: readonly RawResponse[], bodies: readonly string[]): void {
  assert.deepEqual(
    responses.map(({ body }) => body.toString()),
    bodies,
  );
}

/** Claims that a response has none of these headers. */
export function lacks(headers: object, ...names: string[]): void {
  for (const name of names) assert.ok(!(name in headers), `there is a header ${name}`);
}

/** Answers with these items, in a list. */
export function answer(items: string[], headers: HeaderList = PLAIN, status = '200 OK'): Application {
  return (_environ, start_response) => {
    start_response(status, headers);
    return items.map(text);
  };
}

/** Answers with these items, from a generator: no `length`. */
export function generate(items: string[], headers: HeaderList = PLAIN, status = '200 OK'): Application {
  return (_environ, start_response) => {
    start_response(status, headers);
    return generator(items);
  };
}

export function* generator(items: string[]): Generator<Bytes, void, undefined> {
  for (const item of items) yield text(item);
}

/** Answers with what `look` returns for the environ, as JSON. */
export function report(look: (environ: Environ) => unknown): Application {
  return async (environ, start_response) => {
    const body = Buffer.from(JSON.stringify((await look(environ)) ?? null));
    start_response('200 OK', [['Content-Type', 'application/json']]);
    return [body];
  };
}

/** Answers with the body of the request. */
export const echo: Application = async (environ, start_response) => {
  const body = await environ['wsgi.input'].read();
  start_response('200 OK', PLAIN);
  return [body];
};

/** Reads the body, and tells what that throws. @param called opened before. */
export function readAndTell(seen: { thrown: string }, called?: Gate): Application {
  return async (environ, start_response) => {
    called?.open();
    try {
      await environ['wsgi.input'].read();
    } catch (error) {
      seen.thrown = nameOf(error);
      throw error;
    }
    start_response('200 OK', PLAIN);
    return [];
  };
}

/** A promise that the scenario settles when it likes. */
export interface Gate extends Promise<void> {
  open(): void;
}

export function gate(): Gate {
  let open = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return Object.assign(promise, { open: () => open() });
}

/** Long enough that what should not come would have come. */
export function aWhile(ms = 60): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** In an application: opens this gate when its gateway says that the client has left. */
export function hearLeaving(environ: Environ, left: Gate): void {
  environ['node.abort_signal']?.addEventListener('abort', () => left.open());
}

/** Beside `hearLeaving`: waits for that gate. A gateway without that signal has as long to learn of it. */
export function untilLeft(left: Gate): Promise<void> {
  return Promise.race([left, aWhile(1000)]);
}

/** Waits, within bounds, until something is so. */
export async function eventually(test: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (test()) return;
    await aWhile(4);
  }
  throw new Error(`${what} did not happen`);
}

/** Waits until a count has begun, and has not changed for a while. */
export async function untilStill(count: () => number, what: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const before = count();
    await aWhile(80);
    if (before > 0 && count() === before) return;
  }
  throw new Error(`${what} did not happen`);
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
