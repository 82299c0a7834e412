/** Anything with `read(size)`, as Python's files and StringIO, as an iterable of its blocks. */

import { isPromise } from '../environ/maybe-promise.js';
import type { MaybePromise } from '../environ/types.js';

const BLOCK_SIZE = 65536;

export interface Reader {
  /** Bytes or text; empty, null or undefined at the end. */
  read(size: number): MaybePromise<unknown>;
}

export function isReader(value: object): value is Reader {
  // A stream of another library than Node's has read() too, where null means "not yet": it is iterated.
  return 'read' in value && typeof value.read === 'function' && !('pipe' in value);
}

/** Reads the first block at once: whether that is a promise tells how the rest has to be read. */
export function readAll(reader: Reader): Iterable<unknown> | AsyncIterable<unknown> {
  const first = reader.read(BLOCK_SIZE);
  if (!isPromise(first)) return readNow(reader, first);
  // It may fail before anybody iterates, and nobody may ever: that must not end the process.
  first.then(undefined, () => {});
  return readLater(reader, first);
}

function* readNow(reader: Reader, first: unknown): Generator<unknown, void, undefined> {
  for (let block = first; !isEnd(block); block = reader.read(BLOCK_SIZE)) yield block;
}

async function* readLater(
  reader: Reader,
  first: PromiseLike<unknown>,
): AsyncGenerator<unknown, void, undefined> {
  for (let block = await first; !isEnd(block); block = await reader.read(BLOCK_SIZE)) yield block;
}

function isEnd(block: unknown): boolean {
  return block === null || block === undefined || (block as { length?: number }).length === 0;
}
