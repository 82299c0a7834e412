/** The content of one part of a form, block by block: to the boundary that ends it, to the end of the body, or by length. */
import { READ_SIZE } from '../../environ/input/byte-queue.js';
import type { Steps } from '../../environ/maybe-promise.js';
import { type FormSource, stripEnd } from './form-source.js';

/** How a part ended: 0: at a boundary, 1: at the last one, -1: at the end of the body. Python's `done`. */
export type Done = 0 | 1 | -1;

export interface PartContent {
  readonly done: Done;
  /** Of the body, with boundaries. */
  readonly bytesRead: number;
  /** Bytes of its own: an input may use its memory again. Undefined is the end. */
  next(): Steps<Buffer | undefined>;
}

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;
const NOTHING = Buffer.alloc(0);

/** A line break before a boundary belongs to it: each is held back until the next line is there. */
export class ContentToBoundary implements PartContent {
  done: Done = 0;
  bytesRead = 0;
  readonly #source: FormSource;
  readonly #boundary: string;
  readonly #limit: number;
  #lineBreak = NOTHING;
  #atLineStart = true;
  #ended = false;

  /** @param limit of bytes, after which no line is begun; null, or negative: none. */
  constructor(source: FormSource, boundary: string, limit: number | null) {
    this.#source = source;
    this.#boundary = `--${boundary}`;
    this.#limit = limit === null || limit < 0 ? Number.POSITIVE_INFINITY : limit;
  }

  *next(): Steps<Buffer | undefined> {
    if (this.#ended) return undefined;
    this.#ended = true;
    const most = this.#limit - this.bytesRead;
    if (most <= 0) return undefined;
    let line = yield* this.#source.lines(this.#boundary, most);
    this.bytesRead += line.length;
    if (line.length === 0) {
      this.done = -1;
      return undefined;
    }
    // A CRLF that was cut.
    if (this.#lineBreak.length === 1 && this.#lineBreak[0] === CR) {
      line = Buffer.concat([this.#lineBreak, line]);
      this.#lineBreak = NOTHING;
    }
    if (this.#atLineStart && line[0] === DASH && line[1] === DASH) {
      const stripped = stripEnd(line);
      if (stripped === `${this.#boundary}--`) this.done = 1;
      if (this.done === 1 || stripped === this.#boundary) return undefined;
    }
    this.#ended = false;
    const before = this.#lineBreak;
    const content = line.length - lineBreakLength(line);
    this.#lineBreak = Buffer.from(line.subarray(content));
    this.#atLineStart = line.at(-1) === LF;
    return Buffer.concat([before, line.subarray(0, content)]);
  }
}

/** As many bytes as there should be, or all. */
export class ContentByLength implements PartContent {
  done: Done = 0;
  bytesRead = 0;
  readonly #source: FormSource;
  readonly #length: number;

  constructor(source: FormSource, length: number) {
    this.#source = source;
    this.#length = length;
  }

  *next(): Steps<Buffer | undefined> {
    const wanted = Math.min(READ_SIZE, this.#length - this.bytesRead);
    if (wanted <= 0) return undefined;
    const block = yield* this.#source.read(wanted);
    this.bytesRead += block.length;
    if (block.length > 0) return Buffer.from(block);
    this.done = -1;
    return undefined;
  }
}

function lineBreakLength(line: Buffer): number {
  const last = line.at(-1);
  if (last === LF) return line.at(-2) === CR ? 2 : 1;
  return last === CR ? 1 : 0;
}
