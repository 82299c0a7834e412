/** Python's `io`, as far as WSGI programs use it: BytesIO, which can be a `wsgi.input` in both modes, and StringIO. */
import { isUint8Array } from 'node:util/types';
import { typeName } from '../environ/syntax.js';
import { ValueError } from './errors.js';
import { cutOf, integerOf, type Size, Stream, sizeOf } from './io/stream.js';

export { type Size, UnsupportedOperation } from './io/stream.js';
export { StringIO } from './io/string-io.js';

const LF = 0x0a;
const NOTHING = Buffer.alloc(0);

/**
 * Bytes in memory, read and written as a file: Python's `io.BytesIO`. What it gives are copies.
 *
 * Its calls give values, not promises. As `wsgi.input` it serves a handler that blocks, and one on the event loop as well:
 * `await` takes a value too, and it iterates by line with `for` and with `for await`.
 */
export class BytesIO extends Stream<Buffer> {
  /** What is after `#size` is zeros or was cut off. */
  #bytes: Buffer = NOTHING;
  #size = 0;

  /** @param initial bytes, copied; the position is before them. @throws TypeError for anything else but null. */
  constructor(initial?: Uint8Array | null) {
    super();
    if (initial === undefined || initial === null) return;
    this.#bytes = Buffer.from(bytesOf(initial));
    this.#size = this.#bytes.length;
  }

  /** Up to `size` bytes; all that remain when it is left out, null or negative. Empty at the end. @throws TypeError */
  read(size?: Size): Buffer {
    this.checkOpen();
    return this.#take(sizeOf(size));
  }

  /** As `read`: all of it is here. */
  read1(size?: Size): Buffer {
    return this.read(size);
  }

  /** Up to and including LF. */
  readline(size?: Size): Buffer {
    this.checkOpen();
    const found = this.#bytes.subarray(0, this.#size).indexOf(LF, this.position);
    const line = found === -1 || this.position >= this.#size ? this.#size : found + 1;
    return this.#take(Math.min(sizeOf(size), line - this.position));
  }

  /** Fills the buffer from the front. @returns how many bytes there were. */
  readinto(buffer: Uint8Array): number {
    this.checkOpen();
    const read = this.#take(buffer.length);
    buffer.set(read);
    return read.length;
  }

  /** Over what is there, and beyond; a gap before the position becomes zeros. @returns how many. @throws TypeError */
  write(data: Uint8Array): number {
    this.checkOpen();
    const bytes = bytesOf(data);
    if (bytes.length === 0) return 0;
    const end = this.position + bytes.length;
    this.#reserve(end);
    if (this.position > this.#size) this.#bytes.fill(0, this.#size, this.position);
    this.#bytes.set(bytes, this.position);
    this.position = end;
    this.#size = Math.max(this.#size, end);
    return bytes.length;
  }

  /**
   * @param whence 0: from the start, 1: from the position, 2: from the end. The end may be passed.
   * @returns the new position.
   * @throws ValueError for a negative place from the start, or another `whence`; TypeError.
   */
  seek(offset: number, whence = 0): number {
    this.checkOpen();
    const by = integerOf(offset);
    switch (integerOf(whence)) {
      case 0:
        if (by < 0) throw new ValueError(`negative seek value ${by}`);
        this.position = by;
        break;
      case 1:
        this.position = Math.max(0, this.position + by);
        break;
      case 2:
        this.position = Math.max(0, this.#size + by);
        break;
      default:
        throw new ValueError(`invalid whence (${whence}, should be 0, 1 or 2)`);
    }
    return this.position;
  }

  /** Cuts off what is after `size`, default the position, which does not move. Never grows. @throws ValueError */
  truncate(size?: Size): number {
    this.checkOpen();
    const cut = cutOf(size, this.position);
    this.#size = Math.min(this.#size, cut);
    return cut;
  }

  /** All of it, wherever the position is. */
  getvalue(): Buffer {
    this.checkOpen();
    return Buffer.from(this.#bytes.subarray(0, this.#size));
  }

  /** All of it without a copy: what is written there changes it, until the next `write` or `truncate`. */
  getbuffer(): Buffer {
    this.checkOpen();
    return this.#bytes.subarray(0, this.#size);
  }

  override close(): void {
    super.close();
    this.#bytes = NOTHING;
    this.#size = 0;
  }

  #take(count: number): Buffer {
    const start = Math.min(this.position, this.#size);
    const end = Math.min(this.#size, start + Math.max(0, count));
    this.position += end - start;
    return Buffer.from(this.#bytes.subarray(start, end));
  }

  /** Room for so many bytes, and as many again: many small writes stay linear. */
  #reserve(size: number): void {
    if (size <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(size, 2 * this.#bytes.length, 64));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}

/** @throws TypeError for text, above all. */
function bytesOf(data: unknown): Uint8Array {
  if (isUint8Array(data)) return data;
  throw new TypeError(`a bytes-like object is required, not ${typeName(data)}`);
}
