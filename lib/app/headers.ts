/** Response headers: from what a handler gave to what PEP 3333 wants, checked here so that the error names them. */
import { inspect } from 'node:util';
import { isNative } from '../environ/native-string.js';
import { isHopByHop, TOKEN } from '../environ/syntax.js';

export type HeaderPair = readonly [name: string, value: string];

/** Pairs, a Map (or another iterable of pairs, as fetch's `Headers`), or an object. */
export type HeadersLike = Iterable<HeaderPair> | Readonly<Record<string, string>>;

const CONTROL = /[\x00-\x1f\x7f]/;

/** What a response without a body must not describe. */
const ENTITY_HEADERS: Readonly<Record<string, ReadonlySet<string>>> = {
  '204': new Set(['content-type', 'content-length']),
  '304': new Set([
    'allow',
    'content-encoding',
    'content-language',
    'content-length',
    'content-range',
    'content-type',
    'content-md5',
    'last-modified',
  ]),
};

/** A copy of `headers` as pairs. @throws TypeError that names the header which cannot be sent. */
export function toHeaders(headers: HeadersLike): HeaderPair[] {
  if (typeof headers !== 'object' || headers === null) {
    throw new TypeError(`Headers must be pairs, an object or a Map, not ${inspect(headers)}`);
  }
  const pairs: Iterable<unknown> = Symbol.iterator in headers ? headers : Object.entries(headers);
  return Array.from(pairs, checkPair);
}

/** `headers` as `status` allows them: entity headers removed from 204 and 304, else a Content-Type added. */
export function completeHeaders(status: string, headers: HeaderPair[], contentType: string): HeaderPair[] {
  const entity = ENTITY_HEADERS[status.slice(0, 3)];
  if (entity !== undefined) return headers.filter(([name]) => !entity.has(name.toLowerCase()));
  if (headers.some(([name]) => name.toLowerCase() === 'content-type')) return headers;
  return [...headers, ['Content-Type', contentType]];
}

/** `headers` with a Content-Length, unless one is there or `status` has none. */
export function withLength(status: string, headers: HeaderPair[], length: number): HeaderPair[] {
  if (status.slice(0, 3) in ENTITY_HEADERS) return headers;
  if (headers.some(([name]) => name.toLowerCase() === 'content-length')) return headers;
  return [...headers, ['Content-Length', String(length)]];
}

function checkPair(pair: unknown): HeaderPair {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new TypeError(`A header is a pair of name and value, not ${inspect(pair)}`);
  }
  const [name, value]: unknown[] = pair;
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    throw new TypeError(`${inspect(name)} is not a header name: use letters, digits and dashes`);
  }
  const lower = name.toLowerCase();
  if (isHopByHop(lower)) {
    throw new TypeError(`The header ${name} belongs to the connection: only the server may send it`);
  }
  // A CGI gateway writes the status as such a header, so this one would replace it.
  if (lower === 'status') throw new TypeError('Status is not a header: give the status to start_response()');
  checkValue(name, value);
  return [name, value as string];
}

function checkValue(name: string, value: unknown): void {
  if (typeof value !== 'string') {
    throw new TypeError(`The value of the header ${name} must be a string, not ${inspect(value)}`);
  }
  // The values are not shown: a cookie or a token may be among them.
  if (CONTROL.test(value)) {
    throw new TypeError(`The value of the header ${name} holds control characters`);
  }
  if (!isNative(value)) {
    throw new TypeError(
      `The value of the header ${name} holds a character beyond latin-1. Encode it: encodeURIComponent(value) ` +
        "in a URL or after filename*=UTF-8'', or Buffer.from(value).toString('latin1') to send its UTF-8 bytes",
    );
  }
}
