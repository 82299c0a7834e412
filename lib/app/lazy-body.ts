/** Bodies whose parts come one by one: the head goes with the first of them, so an earlier failure is still a 500. */
import type { Bytes } from '../environ/types.js';
import { toBytes } from './part.js';

/** What a lazy body asks of its response. */
export interface Head {
  /** The response ends with its head: no part of the body may follow. */
  readonly isHead: boolean;
  /**
   * Sends the head unless it was sent. False if there is no response to send: a WebSocket took its place.
   * @param length of the body, if it is known.
   */
  begin(length?: number): boolean;
  /** The error page in place of the body. @throws what was thrown, if the head was sent. */
  fail(thrown: unknown): Bytes;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** What both kinds share: whether it is over, and closing it once. */
export abstract class LazyBody {
  protected readonly head: Head;
  /** Nothing more is asked of the source. */
  protected ended = false;
  /** The source's iterator is to be returned: it was begun, and neither ended nor threw. */
  protected open = false;
  readonly #closeSource: (() => unknown) | undefined;
  #closed = false;

  constructor(head: Head, close: (() => unknown) | undefined) {
    this.head = head;
    this.#closeSource = close;
  }

  /**
   * The step that a block makes. To HEAD it has only shown what the head is; the source is not over, but closed later.
   */
  protected given(block: Bytes): IteratorResult<Bytes, undefined> {
    if (!this.head.isHead) return { done: false, value: block };
    this.ended = true;
    return DONE;
  }

  protected closeSource(): unknown {
    if (this.#closed) return undefined;
    this.#closed = true;
    return this.#closeSource?.();
  }
}

export class SyncBody extends LazyBody implements IterableIterator<Bytes, undefined> {
  readonly #source: Iterable<unknown>;
  #iterator: Iterator<unknown> | undefined;

  constructor(source: Iterable<unknown>, head: Head, close: (() => unknown) | undefined) {
    super(head, close);
    this.#source = source;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Bytes, undefined> {
    if (this.ended) return DONE;
    try {
      for (let step = this.#step(); !step.done; step = this.#step()) {
        const block = toBytes(step.value);
        if (block.length > 0 && this.head.begin()) return this.given(block);
      }
      this.ended = true;
      this.head.begin(0);
      return DONE;
    } catch (thrown) {
      this.ended = true;
      return { done: false, value: this.head.fail(thrown) };
    }
  }

  return(): IteratorResult<Bytes, undefined> {
    this.ended = true;
    if (!this.open) return DONE;
    this.open = false;
    this.#iterator?.return?.();
    return DONE;
  }

  close(): unknown {
    let result: unknown;
    try {
      this.return();
    } finally {
      result = this.closeSource();
    }
    return result;
  }

  #step(): IteratorResult<unknown> {
    this.#iterator ??= this.#source[Symbol.iterator]();
    // Not open while it runs: an iterator that threw is over and must not be returned (as in `for`-`of`).
    this.open = false;
    const step = this.#iterator.next();
    this.open = !step.done;
    return step;
  }
}

export class AsyncBody extends LazyBody implements AsyncIterableIterator<Bytes, undefined> {
  readonly #source: AsyncIterable<unknown>;
  #iterator: AsyncIterator<unknown> | undefined;

  constructor(source: AsyncIterable<unknown>, head: Head, close: (() => unknown) | undefined) {
    super(head, close);
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Bytes, undefined>> {
    if (this.ended) return DONE;
    try {
      for (let step = await this.#step(); !step.done; step = await this.#step()) {
        const block = toBytes(step.value);
        if (this.ended) return DONE;
        if (block.length > 0 && this.head.begin()) return this.given(block);
      }
      if (this.ended) return DONE;
      this.ended = true;
      this.head.begin(0);
      return DONE;
    } catch (thrown) {
      // It was returned while it waited: a stream that was destroyed fails, and no one needs to know.
      if (this.ended) return DONE;
      this.ended = true;
      return { done: false, value: this.head.fail(thrown) };
    }
  }

  /** Also while `next()` waits. */
  async return(): Promise<IteratorResult<Bytes, undefined>> {
    this.ended = true;
    if (!this.open) return DONE;
    this.open = false;
    await this.#iterator?.return?.();
    return DONE;
  }

  /** The source's own `close()` is called without waiting for its iterator: that may wait for just this call. */
  async close(): Promise<void> {
    const returned = this.return();
    try {
      await this.closeSource();
    } finally {
      await returned;
    }
  }

  async #step(): Promise<IteratorResult<unknown>> {
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    this.open = true;
    try {
      const step = await this.#iterator.next();
      if (step.done) this.open = false;
      return step;
    } catch (thrown) {
      this.open = false;
      throw thrown;
    }
  }
}
