/** `wsgi.input` for the original, with a copy of what it reads: for the methods whose requests have a body. */

import { REQUEST_SCOPE, RequestScope } from '../../current-request.js';
import { andThen, isPromise } from '../../environ/maybe-promise.js';
import type { MaybePromise } from '../../environ/types.js';
import type { Budget } from './captured-answer.js';

interface AnyInput {
  readonly isEmpty?: boolean;
  read(size?: number | null): MaybePromise<Buffer>;
  read1?(size?: number | null): MaybePromise<Buffer>;
  readline(size?: number | null): MaybePromise<Buffer>;
  readlines(hint?: number | null): MaybePromise<Buffer[]>;
}

/** The copy grows as the original reads; the candidate can have it only if that was the whole body. */
export class CopiedInput implements Omit<AnyInput, 'isEmpty'> {
  /** Temporary files and the like are removed when the request is over, also where the candidate reads its input. */
  readonly [REQUEST_SCOPE]: RequestScope | undefined;
  readonly [Symbol.iterator]?: () => Iterator<Buffer>;
  readonly [Symbol.asyncIterator]?: () => AsyncIterator<Buffer>;
  readonly read1?: (size?: number | null) => MaybePromise<Buffer>;
  readonly #inner: AnyInput;
  readonly #limit: number;
  readonly #budget: Budget;
  /** Content-Length; undefined for a chunked body. */
  readonly #length: number | undefined;
  #blocks: Buffer[] = [];
  #size = 0;
  #ended = false;
  /** Bytes of the budget. */
  #held = 0;
  /** There was no room for the copy. */
  #dropped = false;

  constructor(inner: unknown, limit: number, budget: Budget, length: number | undefined) {
    this.#budget = budget;
    this.#inner = inner as AnyInput;
    this.#limit = limit;
    this.#length = length;
    this[REQUEST_SCOPE] = RequestScope.of(inner);
    const { read1 } = this.#inner;
    if (read1 !== undefined) this.read1 = (size) => this.#keep(read1.call(this.#inner, size), size !== 0);
    if (Symbol.asyncIterator in Object(inner)) this[Symbol.asyncIterator] = () => this.#lines();
    else this[Symbol.iterator] = () => this.#linesNow();
  }

  read(size?: number | null): MaybePromise<Buffer> {
    const all = size === undefined || size === null || size < 0;
    return andThen(this.#keep(this.#inner.read(size), size !== 0), (block) => {
      if (all) this.#ended = true;
      return block;
    });
  }

  readline(size?: number | null): MaybePromise<Buffer> {
    return this.#keep(this.#inner.readline(size), size !== 0);
  }

  readlines(hint?: number | null): MaybePromise<Buffer[]> {
    return andThen(this.#inner.readlines(hint), (lines) => {
      for (const line of lines) this.#add(line);
      if (lines.length === 0 || !hint || hint < 0) this.#ended = true;
      return lines;
    });
  }

  get isEmpty(): boolean | undefined {
    return this.#inner.isEmpty;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  get tooLarge(): boolean {
    return this.#size > this.#limit;
  }

  /** The whole body; undefined if the original did not read all of it, or there is no room for it. */
  whole(): Buffer | undefined {
    const ended = this.#ended || this.#size === this.#length;
    return ended && !this.#dropped && this.#size <= this.#limit ? Buffer.concat(this.#blocks) : undefined;
  }

  /** Its bytes are not needed any more. */
  release(): void {
    this.#budget.giveBack(this.#held);
    this.#held = 0;
    this.#blocks = [];
  }

  /** @param asked an empty block means that this is the end. */
  #keep(result: MaybePromise<Buffer>, asked: boolean): MaybePromise<Buffer> {
    return andThen(result, (block) => {
      if (block.length === 0 && asked) this.#ended = true;
      this.#add(block);
      return block;
    });
  }

  #add(block: Buffer): void {
    this.#size += block.length;
    if (this.#dropped) return;
    const fits = this.#size <= this.#limit;
    if (fits && this.#budget.take(block.length)) {
      this.#held += block.length;
      this.#blocks.push(Buffer.from(block));
    } else {
      this.#dropped ||= fits;
      this.release();
    }
  }

  async *#lines(): AsyncGenerator<Buffer> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  *#linesNow(): Generator<Buffer> {
    for (let line = this.readline(); !isPromise(line) && line.length > 0; line = this.readline()) yield line;
  }
}
