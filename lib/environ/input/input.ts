/** `wsgi.input` on the event loop: PEP 3333 "Input and Error Streams", with promises. */
import { inspect } from 'node:util';
import { AwaitedCall } from '../../unawaited.js';
import type { Input } from '../types.js';
import { ByteQueue } from './byte-queue.js';

/** Where the bytes of a request body come from. */
export interface BodySource {
  /** The next bytes, or null at the end of the body; rejects when the body is cut short, malformed or too large. */
  pull(): Promise<Buffer | null>;
}

/** The input of a request that has no body. */
const NO_BODY: BodySource = { pull: () => Promise.resolve(null) };

const READ = new AwaitedCall('wsgi.input.read()');
const READ1 = new AwaitedCall('wsgi.input.read1()');
const READLINE = new AwaitedCall('wsgi.input.readline()');
const READLINES = new AwaitedCall('wsgi.input.readlines()');

/**
 * Reads by size and by line from a source, never past its end; all methods share one position.
 * Calls that overlap are served in the order in which they were made.
 */
export class BodyInput implements Input {
  #source: BodySource;
  #queue: ByteQueue | undefined;
  #ended = false;
  /** The last call that was made, while it is under way. */
  #busy: Promise<unknown> | undefined;
  /** How many calls are under way. */
  #pending = 0;

  constructor(source: BodySource = NO_BODY) {
    this.#source = source;
  }

  /**
   * @param size bytes; left out, null or negative: all that remain.
   * @throws RequestError when the body is cut short, malformed, late or over the limit; Error for the thousandth call that
   * is made before the first is done.
   */
  read(size?: number | null): Promise<Buffer> {
    const wanted = checkSize('read', size);
    return this.#inTurn(READ, () => this.#read(wanted));
  }

  /**
   * What has come, up to `size` bytes; waits only while there is nothing. Empty at the end. (Python's
   * `BufferedIOBase.read1`; PEP 3333 does not ask for it.)
   */
  read1(size?: number | null): Promise<Buffer> {
    const wanted = checkSize('read1', size);
    return this.#inTurn(READ1, () => this.#read1(wanted));
  }

  readline(size?: number | null): Promise<Buffer> {
    const wanted = checkSize('readline', size);
    return this.#inTurn(READLINE, () => this.#readline(wanted));
  }

  /** @param hint bytes; left out, null, 0 or negative: all lines, as in Python's `io`. */
  readlines(hint?: number | null): Promise<Buffer[]> {
    const wanted = checkSize('readlines', hint) || Number.POSITIVE_INFINITY;
    return this.#inTurn(READLINES, () => this.#readlines(wanted));
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    for (;;) {
      const line = await this.readline();
      if (line.length === 0) return;
      yield line;
    }
  }

  #inTurn<T>(call: AwaitedCall, work: () => Promise<T>): Promise<T> {
    call.checkPending(this.#pending++);
    const result = this.#busy === undefined ? work() : this.#busy.then(work, work);
    this.#busy = result;
    const settled = () => {
      this.#pending--;
      if (this.#busy === result) this.#busy = undefined;
    };
    result.then(settled, settled);
    return call.mark(result);
  }

  async #read(wanted: number): Promise<Buffer> {
    const queue = this.#bytes();
    while (queue.length < wanted && (await this.#fill(queue)));
    return queue.take(wanted);
  }

  async #read1(wanted: number): Promise<Buffer> {
    const queue = this.#bytes();
    while (queue.length === 0 && wanted > 0 && (await this.#fill(queue)));
    return queue.take(wanted);
  }

  async #readline(limit: number): Promise<Buffer> {
    const queue = this.#bytes();
    for (;;) {
      const length = queue.lineLength();
      if (length !== -1) return queue.take(Math.min(length, limit));
      if (queue.length >= limit || !(await this.#fill(queue))) return queue.take(limit);
    }
  }

  async #readlines(hint: number): Promise<Buffer[]> {
    const lines: Buffer[] = [];
    let total = 0;
    while (total < hint) {
      const line = await this.#readline(Number.POSITIVE_INFINITY);
      if (line.length === 0) break;
      lines.push(line);
      total += line.length;
    }
    return lines;
  }

  #bytes(): ByteQueue {
    this.#queue ??= new ByteQueue();
    return this.#queue;
  }

  /** False at the end of the body. */
  async #fill(queue: ByteQueue): Promise<boolean> {
    if (this.#ended) return false;
    const chunk = await this.#source.pull();
    if (chunk === null) {
      this.#ended = true;
      return false;
    }
    queue.push(chunk);
    return true;
  }
}

/** A size argument as a number, Infinity for "no limit". @param of what the method belongs to, for the error. */
export function checkSize(method: string, size: number | null | undefined, of = 'wsgi.input'): number {
  if (size === undefined || size === null) return Number.POSITIVE_INFINITY;
  if (typeof size !== 'number' || (!Number.isInteger(size) && size !== Number.POSITIVE_INFINITY)) {
    throw new TypeError(`${of}.${method}() takes a whole number of bytes, not ${inspect(size)}`);
  }
  return size < 0 ? Number.POSITIVE_INFINITY : size;
}
