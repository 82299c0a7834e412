/** What an application returned: the blocks that are pulled from it, and its end, `return()` and `close()`. */
import { isUint8Array } from 'node:util/types';
import type { FileWrapper } from '../environ/file/file-wrapper.js';
import { asPromise, ignore, isPromise } from '../environ/maybe-promise.js';
import { typeName } from '../environ/syntax.js';
import type { Bytes, MaybePromise } from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import type { Reporter } from './report.js';

export interface Puller {
  next(): MaybePromise<IteratorResult<Bytes, unknown>>;
  return?(): unknown;
}

/**
 * The iterator of a returned body; an asynchronous one is preferred where there are both.
 * @throws ApplicationError when the value is not iterable, or is a string or bytes, whose items are not blocks.
 */
export function iterate(body: unknown): Puller {
  if (typeof body === 'string' || isUint8Array(body)) {
    throw new ApplicationError(
      `The application returned ${typeName(body)}: return a list with it as the one item`,
    );
  }
  if (body !== null && typeof body === 'object') {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = body as { [key: symbol]: unknown };
    const open = async ?? sync;
    if (typeof open === 'function') return checkIterator(open.call(body));
  }
  const hint = typeof body === 'function' ? ': if it is a factory, call it, as in app.mjs:createApp()' : '';
  throw new ApplicationError(
    `The application returned ${typeName(body)}, not an iterable of byte strings${hint}`,
  );
}

function checkIterator(iterator: unknown): Puller {
  if (iterator !== null && (typeof iterator === 'object' || typeof iterator === 'function')) {
    return iterator as Puller;
  }
  throw new ApplicationError(`The body gave ${typeName(iterator)} for its iterator, not an object`);
}

/** Block size for files: larger than PEP 3333's suggestion, which is only one. */
const FILE_BLOCK = 64 * 1024;

/**
 * The blocks of a file, for PEP 3333 "Optional Platform-Specific File Handling": read by position, no more than is sent.
 * @param room how many bytes the response still takes.
 */
export function pullFile(file: FileWrapper, room: () => number): Puller {
  return {
    next() {
      const size = Math.min(room(), FILE_BLOCK);
      const block = size > 0 ? file.next(size) : null;
      return isPromise<Bytes | null>(block) ? asPromise(block).then(stepOf) : stepOf(block);
    },
  };
}

function stepOf(block: Bytes | null): IteratorResult<Bytes, unknown> {
  return block === null || block.length === 0
    ? { done: true, value: undefined }
    : { done: false, value: block };
}

/** How many items a body has, where it says so (PEP 3333 "Handling the Content-Length Header"). */
export function itemCount(body: unknown): number | undefined {
  const { length } = body as { length?: unknown };
  return typeof length === 'number' && Number.isInteger(length) && length >= 0 ? length : undefined;
}

/**
 * PEP 3333: "If the iterable returned by the application has a close() method, the server must call that method upon
 * completion of the current request". A generator has `return()` for it, which runs its `finally` blocks.
 * @returns a promise where one of the two gave one; it never rejects. Errors are reported, and change nothing else.
 */
export function closeBody(
  body: unknown,
  puller: Puller | undefined,
  reporter: Reporter,
): Promise<void> | undefined {
  const failed = (error: unknown) => reporter.say('Error while the application closed its response', error);
  const pending: Promise<void>[] = [];
  const call = <K extends string>(owner: { readonly [name in K]?: unknown }, name: K) => {
    try {
      // The property too is foreign code, where it is a getter.
      const method = owner[name];
      const result: unknown = typeof method === 'function' ? method.call(owner) : undefined;
      if (isPromise(result)) pending.push(asPromise(result).then(ignore, failed));
    } catch (error) {
      failed(error);
    }
  };
  if (puller !== undefined) call(puller, 'return');
  if (body !== null && typeof body === 'object') call(body, 'close');
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
}
