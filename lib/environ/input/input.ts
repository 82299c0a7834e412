/** `wsgi.input` (PEP 3333 "Input and Error Streams"): one reader, with promises on the event loop, blocking in a thread. */
import { inspect } from 'node:util';
import { AwaitedCall } from '../../unawaited.js';
import type { BlockingInput, Input } from '../types.js';
import { ByteQueue } from './byte-queue.js';

/** Where the bytes of a request body come from. */
export interface BodySource {
  /**
   * The next bytes, or null at the end of the body; rejects when the body is cut short, malformed or too large.
   * @param size bytes that are waited for: a source may give as many at once. Default: 1.
   */
  pull(size?: number): Promise<Buffer | null>;
}

/** The same in a worker thread: `pull` blocks, and throws. */
export interface BlockingSource {
  /** @param size bytes that are waited for: a source may give as many at once. Default: 1. */
  pull(size?: number): Buffer | null;
}

/** Takes out of what has come; undefined while there has to be more first. */
type Take<T> = (queue: ByteQueue) => T | undefined;

function bytes(size: number): Take<Buffer> {
  return (queue) => (queue.length >= size || queue.ended ? queue.take(size) : undefined);
}

function someBytes(size: number): Take<Buffer> {
  return (queue) => (queue.length > 0 || size === 0 || queue.ended ? queue.take(size) : undefined);
}

function line(limit: number): Take<Buffer> {
  return (queue) => {
    const length = queue.lineLength();
    if (length !== -1) return queue.take(Math.min(length, limit));
    return queue.length >= limit || queue.ended ? queue.take(limit) : undefined;
  };
}

/** @param hint as in Python's `io`, 0 is no limit. */
function lines(hint: number): Take<Buffer[]> {
  const next = line(Number.POSITIVE_INFINITY);
  const all: Buffer[] = [];
  let total = 0;
  return (queue) => {
    while (total < (hint || Number.POSITIVE_INFINITY)) {
      const one = next(queue);
      if (one === undefined) return undefined;
      if (one.length === 0) break;
      all.push(one);
      total += one.length;
    }
    return all;
  };
}

const READ = new AwaitedCall('wsgi.input.read()');
const READ1 = new AwaitedCall('wsgi.input.read1()');
const READLINE = new AwaitedCall('wsgi.input.readline()');
const READLINES = new AwaitedCall('wsgi.input.readlines()');

const NO_BODY: BodySource = { pull: () => Promise.resolve(null) };

/**
 * On the event loop. All methods share one position, and none reads past the end of the body. Calls that overlap are
 * served in the order in which they were made.
 */
export class BodyInput implements Input {
  readonly #source: BodySource;
  #queue: ByteQueue | undefined;
  /** The last call that was made, while it is under way. */
  #busy: Promise<unknown> | undefined;
  /** How many calls are under way. */
  #pending = 0;

  /** @param source default: the request has no body. */
  constructor(source: BodySource = NO_BODY) {
    this.#source = source;
  }

  /** The request has no body. */
  get isEmpty(): boolean {
    return this.#source === NO_BODY;
  }

  /**
   * @param size bytes; left out, null or negative: all that remain.
   * @throws RequestError when the body is cut short, malformed, late or over the limit; Error for the thousandth call that
   * is made before the first is done.
   */
  read(size?: number | null): Promise<Buffer> {
    const wanted = checkSize('read', size);
    return this.#inTurn(READ, bytes(wanted), wanted);
  }

  /**
   * What has come, up to `size` bytes; waits only while there is nothing. Empty at the end. (Python's
   * `BufferedIOBase.read1`; PEP 3333 does not ask for it.)
   */
  read1(size?: number | null): Promise<Buffer> {
    return this.#inTurn(READ1, someBytes(checkSize('read1', size)));
  }

  readline(size?: number | null): Promise<Buffer> {
    return this.#inTurn(READLINE, line(checkSize('readline', size)));
  }

  /** @param hint bytes; left out, null, 0 or negative: all lines, as in Python's `io`. */
  readlines(hint?: number | null): Promise<Buffer[]> {
    return this.#inTurn(READLINES, lines(checkSize('readlines', hint)));
  }

  async *[Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    for (;;) {
      const one = await this.readline();
      if (one.length === 0) return;
      yield one;
    }
  }

  /** @param wanted bytes that it takes for sure. */
  #inTurn<T>(call: AwaitedCall, take: Take<T>, wanted = 0): Promise<T> {
    call.checkPending(this.#pending++);
    const work = () => this.#take(take, wanted);
    const result = this.#busy === undefined ? work() : this.#busy.then(work, work);
    this.#busy = result;
    const settled = () => {
      this.#pending--;
      if (this.#busy === result) this.#busy = undefined;
    };
    result.then(settled, settled);
    return call.mark(result);
  }

  async #take<T>(take: Take<T>, wanted: number): Promise<T> {
    this.#queue ??= new ByteQueue();
    for (;;) {
      const taken = take(this.#queue);
      if (taken !== undefined) return taken;
      this.#queue.push(await this.#source.pull(Math.max(1, wanted - this.#queue.length)));
    }
  }
}

const NOTHING: BlockingSource = { pull: () => null };

/** In a worker thread, as Python has it: every call blocks, and throws what those of `BodyInput` reject with. */
export class BlockingBodyInput implements BlockingInput {
  readonly #source: BlockingSource;
  #queue: ByteQueue | undefined;

  /** @param source default: the request has no body. */
  constructor(source: BlockingSource = NOTHING) {
    this.#source = source;
  }

  /** The request has no body. */
  get isEmpty(): boolean {
    return this.#source === NOTHING;
  }

  read(size?: number | null): Buffer {
    const wanted = checkSize('read', size);
    return this.#take(bytes(wanted), wanted);
  }

  read1(size?: number | null): Buffer {
    return this.#take(someBytes(checkSize('read1', size)));
  }

  readline(size?: number | null): Buffer {
    return this.#take(line(checkSize('readline', size)));
  }

  readlines(hint?: number | null): Buffer[] {
    return this.#take(lines(checkSize('readlines', hint)));
  }

  *[Symbol.iterator](): IterableIterator<Buffer> {
    for (;;) {
      const one = this.readline();
      if (one.length === 0) return;
      yield one;
    }
  }

  /** @param wanted bytes that it takes for sure. */
  #take<T>(take: Take<T>, wanted = 0): T {
    this.#queue ??= new ByteQueue();
    for (;;) {
      const taken = take(this.#queue);
      if (taken !== undefined) return taken;
      this.#queue.push(this.#source.pull(Math.max(1, wanted - this.#queue.length)));
    }
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
