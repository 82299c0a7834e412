/** One part of a response body as bytes. */
import { inspect } from 'node:util';
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import { isPromise } from '../environ/maybe-promise.js';
import type { Bytes } from '../environ/types.js';

const EMPTY = Buffer.alloc(0);

/**
 * Text is UTF-8, bytes stay as they are, numbers and booleans are written as text, null and undefined are nothing.
 * An object with a `toString` of its own (a Date, a URL, a decimal) is the text that it gives.
 * @throws TypeError for everything else: `[object Object]` is never what was meant.
 */
export function toBytes(part: unknown): Bytes {
  switch (typeof part) {
    case 'string':
      return Buffer.from(part, 'utf8');
    case 'number':
    case 'bigint':
    case 'boolean':
      return Buffer.from(String(part), 'latin1');
    case 'undefined':
      return EMPTY;
    case 'object':
      return part === null ? EMPTY : objectToBytes(part);
    default:
      throw unsendable(part);
  }
}

function objectToBytes(part: object): Bytes {
  if (isUint8Array(part)) return part;
  if (ArrayBuffer.isView(part)) return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  if (isAnyArrayBuffer(part)) return Buffer.from(part);
  if (isPromise(part)) {
    throw new TypeError('A part of the response is a promise: await it, or yield it from an async generator');
  }
  if (Array.isArray(part) || !hasText(part)) throw unsendable(part);
  return Buffer.from(String(part), 'utf8');
}

/** True for what is bytes already, in whatever class. */
export function isBinary(value: unknown): boolean {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

export function hasText(value: object): boolean {
  const own: unknown = value.toString;
  return typeof own === 'function' && own !== Object.prototype.toString;
}

/** The error for a value that has no bytes. */
export function unsendable(value: unknown): TypeError {
  const shown = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
  return new TypeError(
    `A response is made of strings, bytes and numbers, not ${shown}; JSON.stringify() makes a string`,
  );
}
