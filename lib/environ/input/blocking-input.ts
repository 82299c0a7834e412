/** `wsgi.input` in a worker thread: PEP 3333 "Input and Error Streams", as Python has it: every call blocks. */

import type { BlockingInput } from '../types.js';
import { ByteQueue } from './byte-queue.js';
import { checkSize } from './input.js';

/** Where the bytes of a request body come from. */
export interface BlockingSource {
  /** The next bytes, or null at the end of the body; throws when the body is cut short, malformed or too large. */
  pull(): Buffer | null;
}

/** The input of a request that has no body. */
const NO_BODY: BlockingSource = { pull: () => null };

/** Reads by size and by line from a source, never past its end; all methods share one position. */
export class BlockingBodyInput implements BlockingInput {
  readonly #source: BlockingSource;
  #queue: ByteQueue | undefined;
  #ended = false;

  constructor(source: BlockingSource = NO_BODY) {
    this.#source = source;
  }

  /**
   * @param size bytes; left out, null or negative: all that remain.
   * @throws RequestError when the body is cut short, malformed, late or over the limit.
   */
  read(size?: number | null): Buffer {
    const wanted = checkSize('read', size);
    const queue = this.#bytes();
    while (queue.length < wanted && this.#fill(queue));
    return queue.take(wanted);
  }

  /** What has come, up to `size` bytes; blocks only while there is nothing. Python's `BufferedIOBase.read1`. */
  read1(size?: number | null): Buffer {
    const wanted = checkSize('read1', size);
    const queue = this.#bytes();
    while (queue.length === 0 && wanted > 0 && this.#fill(queue));
    return queue.take(wanted);
  }

  readline(size?: number | null): Buffer {
    return this.#readline(checkSize('readline', size));
  }

  /** @param hint bytes; left out, null, 0 or negative: all lines, as in Python's `io`. */
  readlines(hint?: number | null): Buffer[] {
    const wanted = checkSize('readlines', hint) || Number.POSITIVE_INFINITY;
    const lines: Buffer[] = [];
    let total = 0;
    while (total < wanted) {
      const line = this.#readline(Number.POSITIVE_INFINITY);
      if (line.length === 0) break;
      lines.push(line);
      total += line.length;
    }
    return lines;
  }

  *[Symbol.iterator](): IterableIterator<Buffer> {
    for (;;) {
      const line = this.readline();
      if (line.length === 0) return;
      yield line;
    }
  }

  #readline(limit: number): Buffer {
    const queue = this.#bytes();
    for (;;) {
      const length = queue.lineLength();
      if (length !== -1) return queue.take(Math.min(length, limit));
      if (queue.length >= limit || !this.#fill(queue)) return queue.take(limit);
    }
  }

  #bytes(): ByteQueue {
    this.#queue ??= new ByteQueue();
    return this.#queue;
  }

  /** False at the end of the body. */
  #fill(queue: ByteQueue): boolean {
    if (this.#ended) return false;
    const chunk = this.#source.pull();
    if (chunk === null) {
      this.#ended = true;
      return false;
    }
    queue.push(chunk);
    return true;
  }
}
