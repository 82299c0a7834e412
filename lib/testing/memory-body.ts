/** The body of a request in memory, read as the application reads `wsgi.input`. */
import { isUint8Array } from 'node:util/types';
import type { BodySource } from '../environ/input/input.js';
import { ignore, now } from '../environ/maybe-promise.js';
import type { Bytes, MaybePromise } from '../environ/types.js';
import type { ClientDisconnected } from '../errors.js';
import { cutShort, readTooLate } from '../interpreter/request-body.js';
import type { Content } from './content.js';

type Blocks = Iterator<Bytes, unknown> | AsyncIterator<Bytes, unknown>;

export class MemoryBody implements BodySource {
  readonly #content: Content;
  /** Content-Length, in bytes; undefined if there is none. */
  readonly #declared: number | undefined;
  #blocks: Blocks | undefined;
  #received = 0;
  #ended = false;
  #over = false;
  #disconnected: ClientDisconnected | undefined;

  constructor(content: Content, declared: number | undefined) {
    this.#content = content;
    this.#declared = declared;
  }

  /** @throws ClientDisconnected for a body that fails, or is shorter than it says: a server sees it so. */
  async pull(): Promise<Buffer | null> {
    if (this.#isAtEnd()) return null;
    let step: IteratorResult<Bytes, unknown>;
    try {
      step = await this.#next();
    } catch (error) {
      throw cutShort(error);
    }
    return this.#take(step);
  }

  /** The same where the application blocks: the content is there at once. */
  pullNow(): Buffer | null {
    if (this.#isAtEnd()) return null;
    let step: IteratorResult<Bytes, unknown>;
    try {
      step = now(this.#next());
    } catch (error) {
      throw cutShort(error);
    }
    return this.#take(step);
  }

  #isAtEnd(): boolean {
    if (this.#over) throw readTooLate();
    if (this.#disconnected !== undefined) throw this.#disconnected;
    return this.#ended || this.#received === this.#declared;
  }

  #next(): MaybePromise<IteratorResult<Bytes, unknown>> {
    this.#blocks ??= start(this.#content.blocks());
    return this.#blocks.next();
  }

  #take(step: IteratorResult<Bytes, unknown>): Buffer | null {
    if (this.#disconnected !== undefined) throw this.#disconnected;
    if (step.done) {
      this.#ended = true;
      if (this.#declared !== undefined) throw cutShort();
      return null;
    }
    if (!isUint8Array(step.value))
      throw new TypeError('The body of the request has a block that is not bytes');
    const room = this.#declared === undefined ? step.value.length : this.#declared - this.#received;
    // A copy, for the application may write into what it reads.
    const block = Buffer.from(step.value.subarray(0, room));
    this.#received += block.length;
    return block;
  }

  /** The response is complete: what is left of the body is not wanted. */
  discard(): void {
    this.#over = true;
    this.#stop();
  }

  fail(error: ClientDisconnected): void {
    this.#disconnected = error;
    this.#stop();
  }

  #stop(): void {
    const blocks = this.#blocks;
    if (this.#ended || blocks === undefined) return;
    this.#ended = true;
    // A failure while it is stopped matters to no one.
    (async () => blocks.return?.())().catch(ignore);
  }
}

function start(blocks: Iterable<Bytes> | AsyncIterable<Bytes>): Blocks {
  return Symbol.asyncIterator in blocks ? blocks[Symbol.asyncIterator]() : blocks[Symbol.iterator]();
}
