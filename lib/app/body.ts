/** What a handler returned becomes a WSGI body: an array that is ready, or an iterable that sends as parts come. */
import { Blob } from 'node:buffer';
import { Readable } from 'node:stream';
import { FileWrapper } from '../environ/file/file-wrapper.js';
import { andThen, ignore, isPromise } from '../environ/maybe-promise.js';
import type { Body, Bytes, Environ } from '../environ/types.js';
import { AsyncBody, type Head, LazyBody, SyncBody } from './lazy-body.js';
import { hasText, isBinary, toBytes, unsendable } from './part.js';
import {
  isReader,
  NodeStreamSource,
  type Reader,
  readAll,
  type StreamSource,
  WebStreamSource,
} from './source.js';

type FileWrapperFunction = Environ['wsgi.file_wrapper'] | undefined;

/**
 * - null, undefined: empty. A string, bytes, a number, a boolean: itself.
 * - An array, a Set, the keys of a Map or of an object: an array of their parts.
 * - A generator, an async generator and every other iterable: each part as it comes.
 * - A stream (Node's or fetch's), a Blob, a FileHandle, anything with `read()`: its bytes or its text.
 * @throws TypeError for what cannot be sent.
 */
export function toBody(value: unknown, head: Head, fileWrapper: FileWrapperFunction): Body {
  if (typeof value !== 'object' || value === null || isBinary(value)) {
    return value === null || value === undefined ? [] : [toBytes(value)];
  }
  if (!hasClose(value)) {
    const parts = readyParts(value);
    if (parts !== undefined) return toParts(parts);
  }
  return streamBody(value, head, fileWrapper) ?? iterableBody(value, head) ?? objectBody(value);
}

/** True if the body is an array or a file: nothing has to come before its head can go. */
export function isReady(body: Body): boolean {
  return !(body instanceof LazyBody);
}

/** What a gateway would find out of a body that is ready: the bytes of one block, of none, or of a file. */
export function lengthOf(body: Body): number | undefined {
  if (Array.isArray(body)) return body.length > 1 ? undefined : ((body[0] as Bytes | undefined)?.length ?? 0);
  return body instanceof FileWrapper ? body.size() : undefined;
}

/** Ends what a handler returned and nothing will read. Returns a promise if that takes time. */
export function discard(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value instanceof Readable) return void value.destroy();
  if (value instanceof ReadableStream) return value.locked ? undefined : value.cancel();
  const returned: unknown =
    'return' in value && typeof value.return === 'function' ? value.return() : undefined;
  return andThen(returned, () => (hasClose(value) ? value.close() : undefined));
}

/** As `discard`, because of a failure: one more would only hide it. */
export function abandon(value: unknown): void {
  try {
    const result = discard(value);
    if (isPromise(result)) result.then(undefined, ignore);
  } catch {}
}

function readyParts(value: object): Iterable<unknown> | undefined {
  if (Array.isArray(value) || value instanceof Set) return value;
  return value instanceof Map ? value.keys() : undefined;
}

function toParts(values: Iterable<unknown>): Bytes[] {
  const parts: Bytes[] = [];
  for (const value of values) if (value !== null && value !== undefined) parts.push(toBytes(value));
  return parts;
}

function streamBody(value: object, head: Head, fileWrapper: FileWrapperFunction): Body | undefined {
  // As it is: the gateway knows its own wrapper and sends the file the fast way (PEP 3333).
  if (value instanceof FileWrapper) {
    checkReadable(value.file);
    return value;
  }
  const stream = streamSource(value);
  if (stream !== undefined) return new AsyncBody(stream, head, () => stream.return());
  if (isFileHandle(value)) {
    checkReadable(value);
    return fileWrapper === undefined ? toBody(value.createReadStream(), head, undefined) : fileWrapper(value);
  }
  return isReader(value) ? readerBody(value, head) : undefined;
}

function streamSource(value: object): StreamSource | undefined {
  if (value instanceof Readable) return new NodeStreamSource(value);
  if (value instanceof ReadableStream) return new WebStreamSource(value);
  return value instanceof Blob ? new WebStreamSource(value.stream()) : undefined;
}

function readerBody(reader: Reader, head: Head): Body {
  try {
    return fromSource(readAll(reader), head, () => discard(reader));
  } catch (thrown) {
    abandon(reader);
    throw thrown;
  }
}

function iterableBody(value: object, head: Head): Body | undefined {
  if (!(Symbol.asyncIterator in value || Symbol.iterator in value)) return undefined;
  return fromSource(value as Source, head, hasClose(value) ? () => value.close() : undefined);
}

type Source = Iterable<unknown> | AsyncIterable<unknown>;

function fromSource(source: Source, head: Head, close: (() => unknown) | undefined): Body {
  return Symbol.asyncIterator in source
    ? new AsyncBody(source, head, close)
    : new SyncBody(source, head, close);
}

function objectBody(value: object): Bytes[] {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype;
  if (isPlain && !hasText(value)) return toParts(Object.keys(value));
  if (isPromise(value) || !hasText(value)) throw unsendable(value);
  return [toBytes(value)];
}

function hasClose(value: object): value is { close(): unknown } {
  return 'close' in value && typeof value.close === 'function';
}

/** The gateway reads it after the head was sent, when it is too late for an error page. @throws TypeError if it is closed. */
function checkReadable(file: object): void {
  if (isFileHandle(file) && file.fd < 0)
    throw new TypeError('The handler returned a FileHandle that is closed');
  if (!(file instanceof Readable) || !file.destroyed || file.readableEnded) return;
  throw file.errored ?? new TypeError('The handler returned a stream that was destroyed before it was read');
}

/** A FileHandle of node:fs/promises; its class is not public. */
function isFileHandle(value: object): value is { readonly fd: number; createReadStream(): Readable } {
  const { fd, read, createReadStream } = value as Record<string, unknown>;
  return typeof fd === 'number' && typeof read === 'function' && typeof createReadStream === 'function';
}
