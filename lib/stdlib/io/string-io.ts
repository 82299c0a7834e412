/** Python's `io.StringIO`: text in memory, read and written as a file. Positions and sizes count characters, as Python's. */
import { typeName } from '../../environ/syntax.js';
import { bind } from '../arguments.js';
import { OSError, ValueError } from '../errors.js';
import { cutOf, integerOf, type Size, Stream, sizeOf } from './stream.js';

/**
 * Which line ends there are. `'\n'`: only that. `''`: all three, kept. null: all three, each made into `\n` as it is
 * written. `'\r'` or `'\r\n'`: that one, and each `\n` that is written is made into it.
 */
export type Newline = '\n' | '' | '\r' | '\r\n' | null;

export interface StringIOOptions {
  initial_value?: string | null;
  newline?: Newline;
}

const CR = 0x0d;
const LF = 0x0a;
/** Arguments of one call: a call has a limit of them. */
const MOST_ARGUMENTS = 8192;

export class StringIO extends Stream<string> {
  /** Code points: JavaScript's strings count an emoji as two. */
  #text: number[] = [];
  readonly #newline: Newline;

  /**
   * @param initial text; the position is before it. @param newline default `'\n'`. Both also by name: `{ newline: '' }`.
   * @throws TypeError if the text is none; ValueError for another newline.
   */
  constructor(initial?: string | null | StringIOOptions, newline?: Newline | StringIOOptions) {
    super();
    const given = bind(
      'StringIO',
      ['initial_value', 'newline'],
      [initial, newline].slice(0, argumentCount(newline)),
    );
    this.#newline = newlineOf(given['newline']);
    const text = given['initial_value'] ?? '';
    if (typeof text !== 'string')
      throw new TypeError(`initial_value must be str or None, not ${typeName(text)}`);
    this.write(text);
    this.position = 0;
  }

  /** Up to `size` characters; all that remain when it is left out, null or negative. Empty at the end. @throws TypeError */
  read(size?: Size): string {
    this.checkOpen();
    return this.#take(this.position + sizeOf(size));
  }

  readline(size?: Size): string {
    this.checkOpen();
    return this.#take(Math.min(this.position + sizeOf(size), this.#lineEnd()));
  }

  /** @returns how many characters were given. @throws TypeError for anything but text. */
  write(data: string): number {
    this.checkOpen();
    if (typeof data !== 'string') throw new TypeError(`string argument expected, got ${typeName(data)}`);
    const points = codePoints(this.#translated(data));
    if (points.length > 0) {
      while (this.#text.length < this.position) this.#text.push(0);
      for (const point of points) this.#text[this.position++] = point;
    }
    return codePoints(data).length;
  }

  /** @throws ValueError; OSError for a place that is not counted from the start, other than 0. */
  seek(offset: number, whence = 0): number {
    this.checkOpen();
    const by = integerOf(offset);
    const from = integerOf(whence);
    if (from !== 0 && from !== 1 && from !== 2) {
      throw new ValueError(`Invalid whence (${whence}, should be 0, 1 or 2)`);
    }
    if (from !== 0 && by !== 0) throw new OSError("Can't do nonzero cur-relative seeks");
    if (by < 0) throw new ValueError(`Negative seek position ${by}`);
    if (from === 0) this.position = by;
    else if (from === 2) this.position = this.#text.length;
    return this.position;
  }

  /** Cuts off what is after `size`, default the position, which does not move. Never grows. @throws ValueError */
  truncate(size?: Size): number {
    this.checkOpen();
    const cut = cutOf(size, this.position);
    if (cut < this.#text.length) this.#text.length = cut;
    return cut;
  }

  /** All of it, wherever the position is. */
  getvalue(): string {
    this.checkOpen();
    return textOf(this.#text, 0, this.#text.length);
  }

  override close(): void {
    super.close();
    this.#text = [];
  }

  protected override isEnough(total: number, hint: number): boolean {
    return total > hint;
  }

  protected override lengthOf(line: string): number {
    return codePoints(line).length;
  }

  #take(to: number): string {
    const start = Math.min(this.position, this.#text.length);
    const end = Math.max(start, Math.min(to, this.#text.length));
    this.position += end - start;
    return textOf(this.#text, start, end);
  }

  #translated(text: string): string {
    const newline = this.#newline;
    if (newline === null) return text.replace(/\r\n?/g, '\n');
    return newline.startsWith('\r') ? text.replaceAll('\n', newline) : text;
  }

  /** After the end of the line at the position. */
  #lineEnd(): number {
    const text = this.#text;
    for (let at = this.position; at < text.length; at++) {
      const point = text[at];
      if (point !== CR && point !== LF) continue;
      const pair = point === CR && text[at + 1] === LF;
      if (this.#newline === '') return at + (pair ? 2 : 1);
      if (this.#newline === '\r\n' ? pair : point === (this.#newline === '\r' ? CR : LF)) {
        return at + (this.#newline === '\r\n' ? 2 : 1);
      }
    }
    return text.length;
  }
}

function newlineOf(newline: unknown = '\n'): Newline {
  if (newline === '\n' || newline === '' || newline === '\r' || newline === '\r\n' || newline === null) {
    return newline;
  }
  if (typeof newline !== 'string')
    throw new TypeError(`newline must be str or None, not ${typeName(newline)}`);
  throw new ValueError(`illegal newline value: ${JSON.stringify(newline)}`);
}

/** The last argument may be an object of names. */
function argumentCount(last: unknown): number {
  return last === undefined ? 1 : 2;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function textOf(points: readonly number[], start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += MOST_ARGUMENTS) {
    text += String.fromCodePoint(...points.slice(at, Math.min(end, at + MOST_ARGUMENTS)));
  }
  return text;
}
