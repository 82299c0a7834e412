/** The body of a request: from what a test says to bytes, their type and their length. */
import { randomBytes } from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import type { Bytes } from '../environ/types.js';
import {
  eachPair,
  type Fields,
  type Files,
  type FileToSend,
  type RequestBody,
  type RequestOptions,
} from './request-options.js';

export interface Content {
  /** Value of Content-Type; undefined for none. */
  readonly type: string | undefined;
  /** Bytes; undefined if it is known at the end only. */
  readonly length: number | undefined;
  /** The bytes from their start. */
  blocks(): Iterable<Bytes> | AsyncIterable<Bytes>;
  /** The bytes can be had more than once: what a redirect with 307 needs. */
  readonly replayable: boolean;
  /** The bytes can be had without waiting: what an application that blocks needs. */
  readonly atOnce: boolean;
}

const SCALARS = ['string', 'number', 'boolean', 'bigint'];
const KINDS = ['form', 'json', 'text', 'body'] as const;

/** @throws TypeError for two bodies at once, or a value that cannot be one. */
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
  if (typeof body === 'string' || isUint8Array(body)) return known(body, undefined);
  if (body instanceof URLSearchParams || body instanceof FormData) {
    throw new TypeError(`body is a ${body.constructor.name}, which goes with the option form`);
  }
  if (
    typeof body !== 'object' ||
    body === null ||
    !(Symbol.iterator in body || Symbol.asyncIterator in body)
  ) {
    throw new TypeError('body is neither text, nor bytes, nor an iterable of bytes');
  }
  const replayable = Array.isArray(body);
  const atOnce = Symbol.iterator in body;
  return { type: undefined, length: undefined, blocks: () => body, replayable, atOnce };
}

function known(body: string | Bytes, type: string | undefined): Content {
  // A copy: what the test does to its bytes later is not part of the request.
  const bytes = Buffer.from(body);
  return { type, length: bytes.length, blocks: () => [bytes], replayable: true, atOnce: true };
}

function toJson(value: unknown): string {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`json is ${typeof value}, which JSON cannot hold`);
  return text;
}

/**
 * @param option for the message. @throws TypeError for a value other than text, a number, a boolean or a list of those.
 */
export function fieldPairs(fields: Fields, option: string): [string, string][] {
  if (typeof fields !== 'object' || fields === null) {
    throw new TypeError(`${option} takes an object, pairs or URLSearchParams, not ${typeof fields}`);
  }
  return Array.from(eachPair(fields), ([name, value]) => {
    if (SCALARS.includes(typeof value)) return [String(name), String(value)];
    throw new TypeError(`${option}: the value of ${name} is not text, a number or a boolean`);
  });
}

/** `application/x-www-form-urlencoded`, in UTF-8. */
export function encodeFields(pairs: [string, string][]): string {
  return new URLSearchParams(pairs).toString();
}

interface Part {
  readonly head: Buffer;
  readonly content: Buffer | Blob;
}

const END = Buffer.from('\r\n');

/** `multipart/form-data` (RFC 7578), as browsers write it (the HTML standard, "multipart form data"). */
function multipart(form: Fields | FormData | undefined, files: Files = {}): Content {
  const boundary = `----wsgi-testing-${randomBytes(12).toString('hex')}`;
  const fields = form instanceof FormData ? [...form] : fieldPairs(form ?? [], 'form');
  const parts = fields.map(([name, value]) =>
    typeof value === 'string' ? fieldPart(name, value, boundary) : filePart(name, value, boundary),
  );
  for (const [name, given] of Object.entries(files)) {
    for (const file of Array.isArray(given) ? given : [given]) parts.push(filePart(name, file, boundary));
  }
  const last = Buffer.from(`--${boundary}--\r\n`);
  const atOnce = parts.every(({ content }) => !(content instanceof Blob));
  const lengths = parts.map(({ head, content }) => head.length + sizeOf(content) + END.length);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    length: lengths.reduce((sum, length) => sum + length, last.length),
    blocks: () => (atOnce ? blocksOf(parts, last) : blocksOfBlobs(parts, last)),
    replayable: true,
    atOnce,
  };
}

function* blocksOf(parts: readonly Part[], last: Bytes): Generator<Bytes, void, undefined> {
  for (const { head, content } of parts) yield* [head, content as Buffer, END];
  yield last;
}

async function* blocksOfBlobs(parts: readonly Part[], last: Bytes): AsyncGenerator<Bytes, void, undefined> {
  for (const { head, content } of parts) {
    yield head;
    yield content instanceof Blob ? Buffer.from(await content.arrayBuffer()) : content;
    yield END;
  }
  yield last;
}

function fieldPart(name: string, value: string, boundary: string): Part {
  return { head: partHead(boundary, `name="${escapeName(name)}"`), content: Buffer.from(value) };
}

function filePart(name: string, file: FileToSend, boundary: string): Part {
  const known = isUint8Array(file) || file instanceof Blob ? { content: file } : file;
  const content = known?.content;
  if (typeof content !== 'string' && !isUint8Array(content) && !(content instanceof Blob)) {
    throw new TypeError(`files: ${name} is neither bytes, nor a Blob, nor an object with content`);
  }
  const blob = content instanceof Blob ? content : undefined;
  const filename = known.filename ?? (blob as Partial<File> | undefined)?.name ?? name;
  const type = known.contentType ?? (blob?.type || 'application/octet-stream');
  const disposition = `name="${escapeName(name)}"; filename="${escapeName(filename)}"`;
  return {
    head: partHead(boundary, disposition, type),
    content: blob ?? Buffer.from(content as string | Bytes),
  };
}

function partHead(boundary: string, disposition: string, type?: string): Buffer {
  const fields = [`--${boundary}`, `Content-Disposition: form-data; ${disposition}`];
  if (type !== undefined) {
    if (/[\r\n]/.test(type)) throw new TypeError('files: a content type has no line end');
    fields.push(`Content-Type: ${type}`);
  }
  return Buffer.from(`${fields.join('\r\n')}\r\n\r\n`);
}

/** The HTML standard: these three, and nothing else, are percent-encoded in a name. */
function escapeName(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

function sizeOf(content: Bytes | Blob): number {
  return content instanceof Blob ? content.size : content.length;
}
