/** The body of a request: from what a test says to bytes, their type and their length. */
import type { Bytes } from '../environ/types.js';
import { encodeFields, fieldPairs } from './fields.js';
import { multipart } from './multipart.js';
import type { RequestBody, RequestOptions } from './request-options.js';

export interface Content {
  /** Value of Content-Type; undefined for none. */
  readonly type: string | undefined;
  /** Bytes; undefined if it is known at the end only. */
  readonly length: number | undefined;
  /** The bytes from their start. */
  blocks(): Iterable<Bytes> | AsyncIterable<Bytes>;
  /** The bytes can be had more than once: what a redirect with 307 needs. */
  readonly replayable: boolean;
}

const KINDS = ['form', 'json', 'text', 'body'] as const;

/** @throws TypeError for two bodies at once, or a value that is none. */
export function contentOf(options: RequestOptions): Content | undefined {
  const { form, files, text, body } = options;
  const given = KINDS.filter((kind) => options[kind] !== undefined);
  if (files !== undefined && form === undefined) given.unshift('form');
  if (given.length > 1) {
    throw new TypeError(`A request has one body: give one of ${given.join(', ')} (files go with form)`);
  }
  switch (given[0]) {
    case 'form':
      if (files !== undefined || form instanceof FormData) return multipart(form, files);
      return known(encodeFields(fieldPairs(form ?? [], 'form')), 'application/x-www-form-urlencoded');
    case 'json':
      return known(toJson(options.json), 'application/json');
    case 'text':
      if (typeof text !== 'string') throw new TypeError(`text is ${typeof text}, not a string`);
      return known(text, 'text/plain; charset=utf-8');
    case 'body':
      return asItIs(body as RequestBody);
    default:
      return undefined;
  }
}

function asItIs(body: RequestBody): Content {
  if (typeof body === 'string' || body instanceof Uint8Array) return known(body, undefined);
  if (typeof body !== 'object' || !(Symbol.iterator in body || Symbol.asyncIterator in body)) {
    throw new TypeError('body is neither text, nor bytes, nor an iterable of bytes');
  }
  const replayable = Array.isArray(body);
  return { type: undefined, length: undefined, blocks: () => body, replayable };
}

function known(body: string | Bytes, type: string | undefined): Content {
  // A copy: what the test does to its bytes later is not part of the request.
  const bytes = Buffer.from(body);
  return { type, length: bytes.length, blocks: () => [bytes], replayable: true };
}

function toJson(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`json is ${typeof value}, which JSON cannot hold`);
  return text;
}
