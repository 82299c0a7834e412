/** Where the body of a message ends, and its content without the transfer coding (RFC 9112, sections 6 and 7). */
import { type Field, type Head, listedIn, parseFields, Unreadable } from './head.js';

export type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Of an answer: until the connection ends. */
  | { readonly kind: 'close' };

const NONE: Framing = { kind: 'length', length: 0 };

/** A line of a chunk's head, with its extensions, or of the trailers. */
const MAX_LINE = 64 * 1024;
const LF = 10;

/** @throws Unreadable */
export function requestFraming({ fields }: Head): Framing {
  const codings = listedIn(fields, 'transfer-encoding');
  if (codings.length === 0) return lengthOf(fields) ?? NONE;
  if (codings.at(-1) !== 'chunked')
    throw new Unreadable(`the end of its body is not known: Transfer-Encoding ${codings}`);
  return { kind: 'chunked' };
}

/** @throws Unreadable */
export function responseFraming({ fields }: Head, status: number, method: string): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
  const codings = listedIn(fields, 'transfer-encoding');
  if (codings.length > 0) return codings.at(-1) === 'chunked' ? { kind: 'chunked' } : { kind: 'close' };
  return lengthOf(fields) ?? { kind: 'close' };
}

function lengthOf(fields: readonly Field[]): Framing | undefined {
  const values = [...new Set(listedIn(fields, 'content-length'))];
  if (values.length === 0) return undefined;
  const length = Number(values[0]);
  if (values.length > 1 || !/^\d+$/.test(values[0] ?? '') || !Number.isSafeInteger(length)) {
    throw new Unreadable(`its Content-Length is ${values.join(', ')}`);
  }
  return { kind: 'length', length };
}

type State = 'data' | 'size' | 'data end' | 'trailers' | 'done';

export class BodyReader {
  trailers: Field[] = [];
  readonly #framing: Framing;
  readonly #ondata: (piece: Buffer) => void;
  #state: State;
  /** Of the body, or of the chunk. */
  #left: number;
  #line = '';
  #lines: string[] = [];

  constructor(framing: Framing, ondata: (piece: Buffer) => void) {
    this.#framing = framing;
    this.#ondata = ondata;
    this.#left = framing.kind === 'length' ? framing.length : framing.kind === 'close' ? Infinity : 0;
    this.#state = framing.kind === 'chunked' ? 'size' : this.#left === 0 ? 'done' : 'data';
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  /** The connection has ended: true if that is where the body ends. */
  end(): boolean {
    if (this.#framing.kind === 'close') this.#state = 'done';
    return this.done;
  }

  /**
   * Gives how many bytes of the block belong to the body: all, unless it ends there.
   * @throws Unreadable
   */
  push(block: Buffer): number {
    let at = 0;
    while (at < block.length && this.#state !== 'done') {
      at = this.#state === 'data' ? this.#takeData(block, at) : this.#takeLine(block, at);
    }
    return at;
  }

  #takeData(block: Buffer, at: number): number {
    const end = Math.min(block.length, at + this.#left);
    this.#left -= end - at;
    this.#ondata(block.subarray(at, end));
    if (this.#left === 0) this.#state = this.#framing.kind === 'chunked' ? 'data end' : 'done';
    return end;
  }

  #takeLine(block: Buffer, at: number): number {
    const end = block.indexOf(LF, at);
    this.#line += block.toString('latin1', at, end === -1 ? block.length : end);
    if (this.#line.length > MAX_LINE) throw new Unreadable('a chunk of it has no end of its first line');
    if (end === -1) return block.length;
    const line = this.#line.replace(/\r$/, '');
    this.#line = '';
    this.#readLine(line);
    return end + 1;
  }

  #readLine(line: string): void {
    if (this.#state === 'data end') {
      if (line !== '') throw new Unreadable('a chunk of it is longer than it says');
      this.#state = 'size';
    } else if (this.#state === 'trailers') {
      if (line !== '') this.#lines.push(line);
      else {
        this.trailers = parseFields(this.#lines);
        this.#state = 'done';
      }
      if (this.#lines.length > 1000) throw new Unreadable('it has more than 1000 trailers');
    } else {
      const size = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
      if (size === undefined)
        throw new Unreadable(`a chunk of it has the size ${JSON.stringify(line.slice(0, 30))}`);
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? 'trailers' : 'data';
    }
  }
}
