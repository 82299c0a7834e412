/** Python's `wsgiref.validate.check_iterator`: what the application returned can be iterated, block by block. */
import { isAnyArrayBuffer } from 'node:util/types';
import { shapeOf } from './shape.js';
import { fail } from './violation.js';

export interface Iterables {
  readonly [Symbol.iterator]?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
}

export function checkIterator(body: unknown): asserts body is object & Iterables {
  // Both can be iterated, by character and by number: rarely what was meant.
  if (typeof body === 'string' || ArrayBuffer.isView(body) || isAnyArrayBuffer(body)) {
    fail('body-is-string', `it returned ${shapeOf(body)}`);
  }
  if (body === null || typeof body !== 'object' || !isIterable(body)) {
    fail('body-not-iterable', `it returned ${shapeOf(body)}`);
  }
}

function isIterable(body: Iterables): boolean {
  return typeof body[Symbol.asyncIterator] === 'function' || typeof body[Symbol.iterator] === 'function';
}
