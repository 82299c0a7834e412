/** `wsgi.file_wrapper`: PEP 3333 "Optional Platform-Specific File Handling"; Python's `wsgiref.util.FileWrapper`. */
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { isPromise } from '../maybe-promise.js';
import type { Bytes, MaybePromise } from '../types.js';
import { type FileSource, fileSource } from './file-source.js';

/** wsgiref, gunicorn and werkzeug have the same. */
const BLOCK_SIZE = 8192;

/** A file as an iterable of its blocks, from its current position to its end. */
export class FileWrapper implements Iterable<Bytes>, AsyncIterable<Bytes> {
  readonly file: object;
  /** Bytes. */
  readonly blockSize: number;
  /**
   * Here only if the file has one. Closes it, once however often it is called; while a read is under way it waits
   * for that and returns a promise.
   */
  declare readonly close?: () => unknown;

  readonly #source: FileSource;
  /** The read that is under way; it never rejects. */
  #reading: Promise<unknown> | undefined;
  #closing: { result: unknown } | undefined;

  /** @throws TypeError or RangeError if `file` cannot be read, or `blockSize` is not a number of bytes. */
  constructor(file: object, blockSize: number = BLOCK_SIZE) {
    if (!Number.isInteger(blockSize) || blockSize < 1) {
      throw new RangeError(
        `wsgi.file_wrapper() takes a block size of 1 byte or more, not ${inspect(blockSize)}`,
      );
    }
    this.#source = fileSource(file);
    this.file = file;
    this.blockSize = blockSize;
    if (this.#source.close !== undefined) this.close = () => this.#close();
  }

  /** @throws TypeError if the file reads asynchronously. */
  *[Symbol.iterator](): Generator<Bytes, void, undefined> {
    if (this.#source.asynchronous) throw new TypeError(FOR_AWAIT);
    for (;;) {
      const block = this.next(this.blockSize);
      if (block instanceof Promise) throw new TypeError(FOR_AWAIT);
      if (block === null) return;
      yield block;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Bytes, void, undefined> {
    for (;;) {
      const block = await this.next(this.blockSize);
      if (block === null) return;
      yield block;
    }
  }

  /**
   * The next block of up to `maxBytes`, or null at the end: what a gateway reads by. Returns a promise only if the
   * file did.
   */
  next(maxBytes: number): MaybePromise<Bytes | null> {
    const block: unknown = this.#source.read(maxBytes);
    if (!isPromise(block)) return checkBlock(block);
    const result = Promise.resolve(block).then(checkBlock);
    const settled = () => {
      if (this.#reading === reading) this.#reading = undefined;
    };
    const reading = result.then(settled, settled);
    this.#reading = reading;
    return result;
  }

  /**
   * How many bytes follow from the current position, if that is sure and known without a wait: a regular file
   * given as a FileHandle (on Linux) or as an `fs.ReadStream`. The file may still grow or shrink.
   */
  size(): number | undefined {
    return this.#reading === undefined ? this.#source.remaining() : undefined;
  }

  #close(): unknown {
    if (this.#closing === undefined) {
      const close = this.#source.close as () => unknown;
      this.#closing = { result: undefined };
      this.#closing.result = this.#reading === undefined ? close() : this.#reading.then(close);
    }
    return this.#closing.result;
  }
}

/** The callable of environ, called without `new`. Nothing is read before the result is iterated. */
export function fileWrapper(file: object, blockSize?: number): FileWrapper {
  return new FileWrapper(file, blockSize);
}

const FOR_AWAIT = 'This file reads asynchronously: iterate its wrapper with `for await`';

function checkBlock(block: unknown): Bytes | null {
  if (isUint8Array(block)) return block.length === 0 ? null : block;
  if (block === null || block === undefined) return null;
  throw new TypeError(
    typeof block === 'string'
      ? 'A file given to wsgi.file_wrapper() was read as text: read bytes (no encoding), or encode with Buffer.from(text)'
      : `read() of a file given to wsgi.file_wrapper() returned ${inspect(block, { depth: 0 })}, not bytes`,
  );
}
