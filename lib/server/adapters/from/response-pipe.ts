/** Between a Node handler that writes and a gateway that pulls: the blocks on their way, and how they end. */
import { Fifo } from '../../../environ/fifo.js';
import type { Bytes } from '../../../environ/types.js';
import { ClientDisconnected } from '../../../errors.js';

/** Bytes that may wait before the handler is told to; Node's own figure. */
const HIGH_WATER_MARK = 16 * 1024;

export interface Writer {
  /** There is room again. */
  drained(): void;
  /** All was taken. */
  finished(): void;
  /** The gateway wants no more, although there is. */
  cutOff(): void;
}

interface Waiter {
  resolve(step: IteratorResult<Bytes, undefined>): void;
  reject(error: unknown): void;
}

export class ResponsePipe implements AsyncIterable<Bytes> {
  readonly #writer: Writer;
  readonly #blocks = new Fifo<{ bytes: Bytes; taken: (() => void) | undefined }>();
  #waitingBytes = 0;
  #full = false;
  /** Content-Length that is still to come; Infinity without one. */
  #promised = Number.POSITIVE_INFINITY;
  #ended = false;
  #closed = false;
  #failure: { error: unknown } | undefined;
  #waiter: Waiter | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  /** The head said how many bytes come. */
  promise(length: number): void {
    this.#promised = length;
  }

  /** @returns false when no more should come before `drained`. */
  push(bytes: Bytes, taken: (() => void) | undefined): boolean {
    this.#promised -= bytes.length;
    if (this.#closed || bytes.length === 0) {
      if (taken !== undefined) process.nextTick(taken);
      return !this.#full;
    }
    this.#blocks.push({ bytes, taken });
    this.#waitingBytes += bytes.length;
    this.#full = this.#waitingBytes >= HIGH_WATER_MARK;
    this.#serve();
    return !this.#full;
  }

  end(): void {
    this.#ended = true;
    this.#serve();
    this.#finish();
  }

  /** The handler gave up: what it wrote still goes out, and then the gateway learns it. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure ??= { error };
    this.#serve();
  }

  // The body of the application

  [Symbol.asyncIterator](): AsyncIterator<Bytes, undefined> {
    return {
      next: () =>
        new Promise((resolve, reject) => {
          this.#waiter = { resolve, reject };
          this.#serve();
        }),
    };
  }

  /** A gateway may stop where Content-Length says that it was all. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { taken } of this.#blocks) taken?.();
    this.#blocks.clear();
    if (this.#ended || this.#promised <= 0) {
      this.#finish();
      if (this.#full) this.#drain();
    } else {
      // As on a closed connection: always full, because a handler that writes until it is full would never stop.
      this.#full = true;
      this.fail(new ClientDisconnected());
      this.#writer.cutOff();
    }
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const block = this.#blocks.shift();
    if (block === undefined && !this.#ended && this.#failure === undefined) return;
    this.#waiter = undefined;
    if (block !== undefined) {
      waiter.resolve({ done: false, value: block.bytes });
      this.#took(block.bytes.length, block.taken);
    } else if (this.#failure !== undefined) waiter.reject(this.#failure.error);
    else waiter.resolve({ done: true, value: undefined });
  }

  #took(length: number, taken: (() => void) | undefined): void {
    this.#waitingBytes -= length;
    if (taken !== undefined) process.nextTick(taken);
    if (this.#full && this.#waitingBytes === 0) this.#drain();
    this.#finish();
  }

  #drain(): void {
    this.#full = false;
    process.nextTick(() => this.#writer.drained());
  }

  #finish(): void {
    if (this.#ended && this.#blocks.length === 0) process.nextTick(() => this.#writer.finished());
  }
}
