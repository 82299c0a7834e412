/** What BytesIO, StringIO and temporary files have in common: a position, lines, iteration by line, and the end of it all. */
import { typeName } from '../../environ/syntax.js';
import { OSError, ValueError } from '../errors.js';

/** How much is asked for: left out, null or negative is all that remains; true is 1, as in Python. */
export type Size = number | boolean | null | undefined;

/** Python's `io.UnsupportedOperation`: a call that this kind of stream does not have. */
export class UnsupportedOperation extends OSError {
  constructor(operation: string) {
    super(operation);
    Object.defineProperty(this, 'name', { value: 'UnsupportedOperation', configurable: true });
  }
}

/** It is its own iterator, as in Python, and shares one position with `read`: leaving a loop early loses no line. */
export abstract class Stream<T extends Buffer | string>
  implements IterableIterator<T>, AsyncIterable<T>, Disposable
{
  /** In bytes, or in characters. */
  protected position = 0;
  #closed = false;

  abstract read(size?: Size): T;
  /** One line with its end, at most `size` of it; empty at the end. */
  abstract readline(size?: Size): T;
  abstract write(data: T | Uint8Array): number;
  abstract seek(offset: number, whence?: number): number;

  /**
   * @param hint stops after the line that brings the total to this (StringIO: above this, as in Python); left out, null, 0
   * or negative: all lines.
   */
  readlines(hint?: Size): T[] {
    const most = sizeOf(hint) || Number.POSITIVE_INFINITY;
    const lines: T[] = [];
    for (let total = 0; !this.isEnough(total, most); ) {
      const line = this.readline();
      if (line.length === 0) break;
      lines.push(line);
      total += this.lengthOf(line);
    }
    return lines;
  }

  writelines(lines: Iterable<T>): void {
    for (const line of lines) this.write(line);
  }

  tell(): number {
    this.checkOpen();
    return this.position;
  }

  /** The next line, as an iterator gives it. */
  next(): IteratorResult<T, undefined> {
    const line = this.readline();
    return line.length === 0 ? { done: true, value: undefined } : { done: false, value: line };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** By line, for code that was written for the `wsgi.input` of the event loop. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    const iterator: AsyncIterableIterator<T> = {
      next: async () => this.next(),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** After this every other call is a ValueError. May be called again. */
  close(): void {
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  flush(): void {
    this.checkOpen();
  }

  readable(): boolean {
    this.checkOpen();
    return true;
  }

  writable(): boolean {
    return this.readable();
  }

  seekable(): boolean {
    return this.readable();
  }

  isatty(): boolean {
    this.checkOpen();
    return false;
  }

  fileno(): number {
    throw new UnsupportedOperation('fileno');
  }

  detach(): never {
    throw new UnsupportedOperation('detach');
  }

  protected isEnough(total: number, hint: number): boolean {
    return total >= hint;
  }

  /** What counts against a hint. */
  protected lengthOf(line: T): number {
    return line.length;
  }

  /** @throws ValueError */
  protected checkOpen(): void {
    if (this.#closed) throw new ValueError('I/O operation on closed file.');
  }
}

/** A size as a number, Infinity for no limit. @throws TypeError */
export function sizeOf(size: unknown): number {
  if (size === undefined || size === null) return Number.POSITIVE_INFINITY;
  const number = integerOf(size);
  return number < 0 ? Number.POSITIVE_INFINITY : number;
}

/** A whole number; true and false are 1 and 0, as in Python. @throws TypeError */
export function integerOf(value: unknown): number {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  const shown = typeof value === 'number' ? String(value) : typeName(value);
  throw new TypeError(`A whole number is required, not ${shown}`);
}

/** Where to cut: `truncate()` without a size cuts at the position. @throws TypeError, ValueError */
export function cutOf(size: unknown, position: number): number {
  const cut = size === undefined || size === null ? position : integerOf(size);
  if (cut < 0) throw new ValueError(`negative size value ${cut}`);
  return cut;
}
