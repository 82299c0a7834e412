/** The heads of HTTP/1 messages, read beside the bytes that pass: start line and fields (RFC 9112, sections 2 to 5). */

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

/** Servers and clients have smaller limits; this one is for memory. */
const MAX_HEAD = 1024 * 1024;

const CR = 13;
const LF = 10;

/** Collects the bytes of a head until it is complete. */
export class HeadCollector {
  #held: Buffer = Buffer.alloc(0);
  /** Up to here there is no end. */
  #searched = 0;

  /** What came of a head that is not complete. */
  take(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    this.#searched = 0;
    return held;
  }

  /**
   * Gives the bytes of the head, and how many bytes of this block belong to it, once it is complete.
   * @throws Unreadable if it is too large; `take` has all of it.
   */
  push(block: Buffer): { readonly raw: Buffer; readonly used: number } | undefined {
    const before = this.#held.length;
    this.#held = before === 0 ? block : Buffer.concat([this.#held, block]);
    if (before === 0) this.#checkStart(block);
    const end = this.#findEnd();
    if (end === undefined) {
      // Bytes of a socket's buffer may be overwritten.
      if (before === 0) this.#held = Buffer.from(block);
      if (this.#held.length > MAX_HEAD) throw new Unreadable(`its head has more than ${MAX_HEAD} bytes`);
      return undefined;
    }
    const raw = Buffer.from(this.#held.subarray(0, end));
    this.take();
    return { raw, used: end - before };
  }

  /** The hello of TLS, for example: its sender waits for an answer, and no line end will come. */
  #checkStart(block: Buffer): void {
    const first = block.find((byte) => byte !== CR && byte !== LF);
    if (first !== undefined && (first <= 0x20 || first >= 0x7f)) {
      throw new Unreadable(`it begins with the byte 0x${first.toString(16).padStart(2, '0')}`);
    }
  }

  /** After the empty line; a line may end with LF alone (RFC 9112, section 2.2). */
  #findEnd(): number | undefined {
    const bytes = this.#held;
    let start = 0;
    // Empty lines before a request are not its end.
    while (bytes[start] === CR || bytes[start] === LF) start++;
    for (
      let at = bytes.indexOf(LF, Math.max(start, this.#searched - 3));
      at !== -1;
      at = bytes.indexOf(LF, at + 1)
    ) {
      if (bytes[at + 1] === LF) return at + 2;
      if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
    }
    this.#searched = bytes.length;
    return undefined;
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
  const fields: Field[] = [];
  for (const line of lines) {
    const last = fields.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last === undefined) throw new Unreadable('its first field begins with white space');
      // A folded line (RFC 9112, section 5.2) is one value with a space.
      last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1)
      throw new Unreadable(`a line of its head is not NAME: VALUE: ${JSON.stringify(line.slice(0, 60))}`);
    fields.push([line.slice(0, colon).trimEnd(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return fields;
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
  const match = /^(\S+) +(.*?) +HTTP\/(1\.\d)$/.exec(start);
  if (match === null) throw new Unreadable(`its request line is ${JSON.stringify(start.slice(0, 60))}`);
  return { method: match[1] ?? '', target: match[2] ?? '', version: match[3] ?? '' };
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
