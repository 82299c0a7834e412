/** What a form is read from: any object with `read` and `readline` that gives bytes, or promises of them. */
import { readSync } from 'node:fs';
import { isUint8Array } from 'node:util/types';
import { READ_SIZE } from '../../environ/input/byte-queue.js';
import { BlockingBodyInput, BodyInput } from '../../environ/input/input.js';
import { andThen, ignore, isPromise, type Steps, step } from '../../environ/maybe-promise.js';
import { typeName } from '../../environ/syntax.js';
import type { MaybePromise } from '../../environ/types.js';
import { ValueError } from '../errors.js';

/** `wsgi.input` of either mode, a BytesIO, or what middleware put there. */
export interface FormFile {
  read(size?: number | null): MaybePromise<Uint8Array>;
  readline(size?: number | null): MaybePromise<Uint8Array>;
}

const NOTHING = Buffer.alloc(0);
const LF = 0x0a;
const NO_WAITING =
  'A constructor cannot wait for wsgi.input of the event loop: write form = await FieldStorage.read(...) there, with the same arguments';

/** Before anything is read of it: what was read by a constructor that fails would be lost. @throws TypeError */
export function refuseWaiting(file: unknown): void {
  if (file instanceof BodyInput) throw new TypeError(NO_WAITING);
}

/** Reads in blocks, for lines may be short: up to the length that the body should have, and after it by line. */
export class FormSource {
  readonly #file: FormFile;
  readonly #waits: boolean;
  /** Bytes that should come. */
  #left: number;
  /** What came and was not taken. */
  #rest = NOTHING;
  #ended = false;

  /**
   * @param length of the body; negative: it has none. @param waits promises may be waited for.
   * @throws TypeError if it is no such file.
   */
  constructor(file: unknown, length: number, waits: boolean) {
    const { read, readline } = (file ?? {}) as Partial<FormFile>;
    if (typeof read !== 'function' || typeof readline !== 'function') {
      throw new TypeError(`fp must be a file with read() and readline(), not ${typeName(file)}`);
    }
    this.#file = file as FormFile;
    this.#left = length < 0 ? Number.POSITIVE_INFINITY : length;
    this.#waits = waits;
  }

  /** Up to so many bytes. Empty at the end. */
  *read(size: number): Steps<Buffer> {
    if (this.#rest.length > 0) return this.#take(Math.min(size, this.#rest.length));
    return yield* step(this.#bytes('read', this.#file.read(size)));
  }

  /** A line that has come as a whole. */
  lineNow(): Buffer | undefined {
    const end = this.#rest.indexOf(LF) + 1;
    return end === 0 ? undefined : this.#take(end);
  }

  /** One line, or a piece of a long one. Empty at the end. */
  *line(): Steps<Buffer> {
    yield* this.#fill();
    return this.lineNow() ?? this.#take(this.#rest.length);
  }

  /**
   * As `line`, or many lines, of which none is a boundary: each call costs more than a short line.
   * @param boundary with its `--`. @param most bytes after which no line is begun.
   */
  *lines(boundary: string, most: number): Steps<Buffer> {
    yield* this.#fill();
    const rest = this.#rest;
    if (isBoundary(rest, 0, boundary)) return yield* this.line();
    let end = rest.lastIndexOf(LF) + 1 || rest.length;
    const next = `\n${boundary}`;
    for (let at = rest.indexOf(next); at !== -1; at = rest.indexOf(next, at + 1)) {
      if (!isBoundary(rest, at + 1, boundary)) continue;
      end = at + 1;
      break;
    }
    if (most < end) end = rest.indexOf(LF, Math.max(0, most - 1)) + 1 || end;
    return this.#take(Math.min(end, rest.length));
  }

  /** Passes over lines that do not have this text in them. @returns how many bytes. */
  *skipLines(without: string): Steps<number> {
    yield* this.#fill();
    const found = this.#rest.indexOf(without);
    const end = found === -1 ? this.#rest.lastIndexOf(LF) + 1 : this.#rest.lastIndexOf(LF, found) + 1;
    return this.#take(end).length;
  }

  /** Until there is a whole line, or as much as a line may have in one piece. */
  *#fill(): Steps<void> {
    while (!this.#ended && this.#rest.length < READ_SIZE && !this.#rest.includes(LF)) {
      const more =
        this.#left > 0
          ? yield* this.#block()
          : yield* step(this.#bytes('readline', this.#file.readline(READ_SIZE)));
      this.#ended = more.length === 0;
      // A copy: an input may use its memory again.
      this.#rest = Buffer.concat([this.#rest, more]);
    }
  }

  *#block(): Steps<Buffer> {
    const block = yield* step(this.#bytes('read', this.#file.read(Math.min(READ_SIZE, this.#left))));
    this.#left -= block.length;
    return block;
  }

  #take(count: number): Buffer {
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  #bytes(method: string, given: unknown): MaybePromise<Buffer> {
    if (!this.#waits && isPromise(given)) {
      // Should it reject as well, this is the error to be told.
      given.then(undefined, ignore);
      throw new TypeError(NO_WAITING);
    }
    return andThen(given, (bytes) => {
      if (Buffer.isBuffer(bytes)) return bytes;
      if (isUint8Array(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      throw new ValueError(`fp.${method}() should return bytes, got ${typeName(bytes)}`);
    });
  }
}

function isBoundary(bytes: Buffer, start: number, boundary: string): boolean {
  if (bytes.toString('latin1', start, start + boundary.length) !== boundary) return false;
  const end = bytes.indexOf(LF, start);
  const line = stripEnd(bytes.subarray(start, end === -1 ? bytes.length : end));
  return line === boundary || line === `${boundary}--`;
}

/** Python's `bytes.rstrip()`, as a native string. */
export function stripEnd(line: Buffer): string {
  let end = line.length;
  while (end > 0 && isWhite(line[end - 1])) end--;
  return line.toString('latin1', 0, end);
}

/** Python's `bytes.strip()`. */
export function stripBoth(line: Buffer): string {
  let start = 0;
  while (start < line.length && isWhite(line[start])) start++;
  return stripEnd(line.subarray(start));
}

function isWhite(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

/** Standard input, which is the body of a request in a CGI script (RFC 3875 section 4.2). Reading it blocks. */
export function standardInput(): FormFile {
  return new BlockingBodyInput({
    pull() {
      const block = Buffer.allocUnsafe(READ_SIZE);
      const count = readSync(0, block);
      return count === 0 ? null : block.subarray(0, count);
    },
  });
}
