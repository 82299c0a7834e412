/** The bytes of one file of a form, as the parser finds them: to read more than has come makes the form read on. */
import { ByteQueue, READ_SIZE } from '../input/byte-queue.js';
import { runSteps, type Steps, step } from '../maybe-promise.js';
import type { MaybePromise } from '../types.js';

type OnFail = (error: unknown) => void;

/** Its methods give a promise only if `feed` does. */
export class PartBytes implements AsyncIterable<Buffer> {
  /** Of all that came. */
  size = 0;
  readonly #queue = new ByteQueue();
  readonly #feed: () => MaybePromise<void>;
  #onFail: OnFail | undefined;

  /** @param feed reads the next block of the body, and calls `push()` and `end()` for what is in it, or throws. */
  constructor(feed: () => MaybePromise<void>) {
    this.#feed = feed;
  }

  /** Up to `count` bytes, fewer at the end. */
  read(count: number): MaybePromise<Buffer> {
    return runSteps(this.#take(count, count));
  }

  /** What came, up to `count` bytes; asks for more only while there is nothing. Empty at the end. */
  read1(count: number): MaybePromise<Buffer> {
    return runSteps(this.#take(count, 1));
  }

  /** Looks for the next byte, which stays here. */
  *isEmpty(): Steps<boolean> {
    yield* this.#await(1);
    return this.#queue.length === 0;
  }

  /** Throws away what was not read. */
  drain(): MaybePromise<void> {
    return runSteps(this.#drain());
  }

  /** Giving up on an iteration leaves the rest here. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const block = await this.read1(READ_SIZE);
      if (block.length === 0) return;
      yield block;
    }
  }

  /** To be called if the form fails before this file was taken: its bytes may not be read then. */
  whenFailed(call: OnFail | undefined): void {
    this.#onFail = call;
  }

  push(bytes: Buffer): void {
    this.size += bytes.length;
    this.#queue.push(bytes);
  }

  end(): void {
    this.#queue.push(null);
  }

  fail(error: unknown): void {
    this.#onFail?.(error);
  }

  *#take(most: number, least: number): Steps<Buffer> {
    yield* this.#await(least);
    return this.#queue.take(most);
  }

  *#await(count: number): Steps<void> {
    while (this.#queue.length < count && !this.#queue.ended) yield* step(this.#feed());
  }

  *#drain(): Steps<void> {
    for (;;) {
      this.#queue.clear();
      if (this.#queue.ended) return;
      yield* step(this.#feed());
    }
  }
}
