/**
 * Node's and fetch's streams as iterators that can be returned while they wait for data. Their own ones finish a
 * pending read first, so that a client that left would hold a silent stream open.
 */
import type { Readable } from 'node:stream';

export interface StreamSource extends AsyncIterableIterator<unknown, undefined> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

export class NodeStreamSource implements StreamSource {
  readonly #stream: Readable;
  #iterator: AsyncIterator<unknown> | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    // A failure before the first read would end the process; the iterator reports it as well.
    stream.on('error', streamOnError);
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

function streamOnError(): void {}
