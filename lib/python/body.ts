/** The body of a response that Python gives block by block: no more of it waits here than a window. */
import { Fifo } from '../environ/fifo.js';
import type { Bytes } from '../environ/types.js';

/** What the body tells the request that it belongs to. */
export interface BodyOwner {
  /** The client has taken so many bytes. */
  taken(bytes: number): void;
  /** No more is wanted, or all was taken. Settles when Python has called `close()`. */
  closed(): Promise<void> | undefined;
}

/** Bytes that are told of together. Less than the window of Python (request.py). */
const TELL = 64 * 1024;

const OVER: IteratorResult<Bytes, undefined> = { done: true, value: undefined };

interface Waiter {
  resolve(result: IteratorResult<Bytes, undefined>): void;
  reject(error: unknown): void;
}

export class PythonBody implements AsyncIterableIterator<Bytes, undefined> {
  readonly #owner: BodyOwner;
  readonly #blocks = new Fifo<Bytes>();
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #waiter: Waiter | undefined;
  /** Of the block that was given last: it is taken when the next one is asked for. */
  #given = 0;
  #untold = 0;
  /** Settles when the first block was asked for: the head goes out with it. */
  readonly begun: Promise<void>;
  #begin: () => void = () => {};

  constructor(owner: BodyOwner) {
    this.#owner = owner;
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** Blocks wait for the client. */
  get isBehind(): boolean {
    return this.#blocks.length > 0 || (this.#given > 0 && this.#waiter === undefined);
  }

  push(block: Bytes): void {
    if (this.#ended) return;
    if (this.#waiter === undefined) this.#blocks.push(block);
    else this.#settle((waiter) => waiter.resolve(this.#give(block)));
  }

  end(): void {
    this.#ended = true;
    this.#settle((waiter) => waiter.resolve(OVER));
  }

  /** After the blocks that are here. @returns whether anybody will see it: false after the end, and once no more is wanted. */
  fail(error: unknown): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#failure ??= { error };
    const waited = this.#waiter !== undefined;
    this.#settle((waiter) => waiter.reject(error));
    if (waited) this.#failure = undefined;
    return true;
  }

  next(): Promise<IteratorResult<Bytes, undefined>> {
    this.#untold += this.#given;
    this.#given = 0;
    if (this.#untold >= TELL) {
      this.#owner.taken(this.#untold);
      this.#untold = 0;
    }
    const block = this.#blocks.shift();
    if (block !== undefined) return Promise.resolve(this.#give(block));
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#ended) return Promise.resolve(OVER);
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Bytes, undefined>> {
    this.#stop();
    return Promise.resolve(OVER);
  }

  close(): Promise<void> | undefined {
    this.#stop();
    return this.#owner.closed();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #stop(): void {
    this.#blocks.clear();
    this.#begin();
    this.end();
  }

  #give(block: Bytes): IteratorResult<Bytes, undefined> {
    this.#given = block.length;
    this.#begin();
    return { done: false, value: block };
  }

  #settle(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) how(waiter);
  }
}
