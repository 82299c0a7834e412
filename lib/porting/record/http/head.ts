/** The heads of HTTP/1 messages, read beside the bytes that pass: start line and fields (RFC 9112, sections 2 to 5). */
import { trimBlanks } from '../../../environ/syntax.js';
import { MAX_HEAD } from '../../fields.js';

export type Field = [name: string, value: string];

export interface Head {
  /** Request line or status line, without its end. */
  readonly start: string;
  readonly fields: Field[];
  /** As it came, with its empty line. */
  readonly raw: Buffer;
}

/** These bytes are not HTTP/1: they are passed on, and not recorded. */
export class Unreadable extends Error {}

const CR = 13;
const LF = 10;

const NOTHING = Buffer.alloc(0);

/** Collects the bytes of a head until it is complete: each byte is looked at once, however few come at a time. */
export class HeadCollector {
  /** With room for more, so that what is held is not copied for each block. */
  #held: Buffer = NOTHING;
  #length = 0;
  /** Where its first line begins: empty lines before a request are not its end. */
  #start = 0;
  #begun = false;
  /** Up to here there is no end. */
  #searched = 0;

  /** What came of a head that is not complete. */
  take(): Buffer {
    const held = this.#held.subarray(0, this.#length);
    this.#held = NOTHING;
    this.#length = this.#start = this.#searched = 0;
    this.#begun = false;
    return held;
  }

  /**
   * Gives the bytes of the head, and how many bytes of this block belong to it, once it is complete.
   * @throws Unreadable if it is too large; `take` has all of it.
   */
  push(block: Buffer): { readonly raw: Buffer; readonly used: number } | undefined {
    const before = this.#length;
    this.#hold(block);
    const end = this.#findEnd();
    if (end === undefined) {
      if (this.#length > MAX_HEAD) throw new Unreadable(`its head has more than ${MAX_HEAD} bytes`);
      return undefined;
    }
    const raw = this.take().subarray(0, end);
    return { raw, used: end - before };
  }

  /** A copy: bytes of a socket's buffer may be overwritten. */
  #hold(block: Buffer): void {
    const length = this.#length + block.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafe(this.#length === 0 ? length : 2 * length);
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    block.copy(this.#held, this.#length);
    this.#length = length;
  }

  /** After the empty line; a line may end with LF alone (RFC 9112, section 2.2). */
  #findEnd(): number | undefined {
    const bytes = this.#held.subarray(0, this.#length);
    if (!this.#begun && !this.#findStart(bytes)) return undefined;
    for (
      let at = bytes.indexOf(LF, Math.max(this.#start, this.#searched - 3));
      at !== -1;
      at = bytes.indexOf(LF, at + 1)
    ) {
      if (bytes[at + 1] === LF) return at + 2;
      if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
    }
    this.#searched = bytes.length;
    return undefined;
  }

  /** The hello of TLS, for example, is no head: its sender waits for an answer, and no line end will come. */
  #findStart(bytes: Buffer): boolean {
    while (bytes[this.#start] === CR || bytes[this.#start] === LF) this.#start++;
    const first = bytes[this.#start];
    if (first === undefined) return false;
    if (first <= 0x20 || first >= 0x7f) {
      throw new Unreadable(`it begins with the byte 0x${first.toString(16).padStart(2, '0')}`);
    }
    this.#begun = true;
    return true;
  }
}

/** @throws Unreadable */
export function parseHead(raw: Buffer): Head {
  const lines = raw
    .toString('latin1')
    .replace(/^[\r\n]+/, '')
    .trimEnd()
    .split(/\r?\n/);
  const [start = '', ...rest] = lines;
  return { start, fields: parseFields(rest), raw };
}

/** @throws Unreadable */
export function parseFields(lines: readonly string[]): Field[] {
  const fields: [name: string, parts: string[]][] = [];
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      const last = fields.at(-1);
      if (last === undefined) throw new Unreadable('its first field begins with white space');
      // A folded line (RFC 9112, section 5.2) is one value with a space.
      last[1].push(line.trim());
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1)
      throw new Unreadable(`a line of its head is not NAME: VALUE: ${JSON.stringify(line.slice(0, 60))}`);
    fields.push([line.slice(0, colon).trimEnd(), [trimBlanks(line.slice(colon + 1))]]);
  }
  return fields.map(([name, parts]) => [
    name,
    parts.length === 1 ? String(parts[0]) : parts.join(' ').trim(),
  ]);
}

/** The values of a field, in lower case, as the list that they are (RFC 9110, section 5.6.1). */
export function listedIn(fields: readonly Field[], name: string): string[] {
  return fields
    .filter(([one]) => one.toLowerCase() === name)
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: string;
}

/** @throws Unreadable */
export function parseRequestLine(start: string): RequestLine {
  // Not by one expression: that takes long for many spaces.
  const first = start.indexOf(' ');
  const last = start.lastIndexOf(' ');
  const method = start.slice(0, first);
  const version = /^HTTP\/(1\.\d)$/.exec(start.slice(last + 1))?.[1];
  if (first < 1 || last === first || version === undefined || /\s/.test(method) || start.includes('\r')) {
    throw new Unreadable(`its request line is ${JSON.stringify(start.slice(0, 60))}`);
  }
  return { method, target: trimBlanks(start.slice(first, last)), version };
}

export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

/** @throws Unreadable */
export function parseStatusLine(start: string): StatusLine {
  const match = /^HTTP\/(1\.\d) (\d{3})(?: (.*))?$/.exec(start);
  if (match === null) throw new Unreadable(`its status line is ${JSON.stringify(start.slice(0, 60))}`);
  return { version: match[1] ?? '', status: Number(match[2]), reason: match[3] ?? '' };
}
