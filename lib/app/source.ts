/** What can be read block by block, as an iterable: Node's and fetch's streams, and whatever has `read(size)`. */
import type { Readable } from 'node:stream';
import { ignore, isPromise } from '../environ/maybe-promise.js';
import type { MaybePromise } from '../environ/types.js';

/**
 * An iterator of a stream that can be returned while it waits for data. The stream's own one finishes a pending read
 * first, so that a client that left would hold a silent stream open.
 */
export interface StreamSource extends AsyncIterableIterator<unknown, undefined> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

export class NodeStreamSource implements StreamSource {
  readonly #stream: Readable;
  #iterator: AsyncIterator<unknown> | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    // A failure before the first read would end the process; the iterator reports it as well.
    stream.on('error', ignore);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    this.#iterator ??= this.#stream[Symbol.asyncIterator]();
    return this.#iterator.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#stream.destroy();
    return { done: true, value: undefined };
  }
}

export class WebStreamSource implements StreamSource {
  readonly #stream: ReadableStream<unknown>;
  #reader: ReadableStreamDefaultReader<unknown> | undefined;

  constructor(stream: ReadableStream<unknown>) {
    this.#stream = stream;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    this.#reader ??= this.#stream.getReader();
    const { done, value } = await this.#reader.read();
    return done ? { done: true, value: undefined } : { done: false, value };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await (this.#reader ?? this.#stream).cancel();
    return { done: true, value: undefined };
  }
}

const BLOCK_SIZE = 65536;

/** As Python's files and StringIO. */
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
  // It may fail before it is iterated, or never be: that must not end the process.
  first.then(undefined, ignore);
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
