/** The bytes of one file of a form, as the parser finds them; who reads more than came makes the form read on. */
import { ByteQueue } from '../input/byte-queue.js';
import { runSteps, type Steps, step } from '../maybe-promise.js';
import type { MaybePromise } from '../types.js';
import { READ_SIZE } from './request.js';

type OnFail = (error: unknown) => void;

/** Its methods give a promise only if `feed` does. */
export class PartBytes implements AsyncIterable<Buffer> {
  /** Of all that came. */
  size = 0;
  readonly #queue = new ByteQueue();
  readonly #feed: () => MaybePromise<void>;
  #ended = false;
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
    while (this.#queue.length === 0 && !this.#ended) yield* step(this.#feed());
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

  /** To be called if the form fails before this file was taken: nobody may be reading then. */
  whenFailed(call: OnFail | undefined): void {
    this.#onFail = call;
  }

  push(bytes: Buffer): void {
    this.size += bytes.length;
    this.#queue.push(bytes);
  }

  end(): void {
    this.#ended = true;
  }

  fail(error: unknown): void {
    this.#onFail?.(error);
  }

  *#take(most: number, least: number): Steps<Buffer> {
    while (this.#queue.length < least && !this.#ended) yield* step(this.#feed());
    return this.#queue.take(most);
  }

  *#drain(): Steps<void> {
    this.#queue.clear();
    while (!this.#ended) {
      yield* step(this.#feed());
      this.#queue.clear();
    }
  }
}
