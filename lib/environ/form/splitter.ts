/**
 * Splits a multipart body (RFC 2046 section 5.1.1) at its delimiters: bytes go in, parts come out, nothing waits.
 *
 * A delimiter is CRLF, `--`, the boundary, padding of spaces and tabs, CRLF; the last one has `--` after the boundary,
 * and may be the end of the body. A line that only starts like one (`--foobar` where the boundary is `foo`) is data. A
 * line that another parser would take for a delimiter (it ends in a bare LF, for example) is refused, so that two
 * parsers never see different parts. The result does not depend on where the body is cut.
 */
import { badHeader, malformed, type PartHead, readPartHead } from './part-head.js';

/** What is called for the parts, in order. What it throws comes out of `write()` or `end()`. */
export interface PartSink {
  /** A part begins. */
  part(head: PartHead): void;
  /** More of its content. */
  data(bytes: Buffer): void;
  partEnd(): void;
}

const CR = 0x0d;
const LF = 0x0a;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
/** Bytes of the headers of a part. */
const MAX_HEAD = 16_384;
/** Bytes of white space after a boundary. RFC 2046 has no limit; what is held back here needs one. */
const MAX_PADDING = 1024;

export class MultipartSplitter {
  /** `--` and the boundary. */
  readonly #dashBoundary: Buffer;
  readonly #sink: PartSink;
  #state: 'preamble' | 'head' | 'content' | 'epilogue' = 'preamble';
  /** What came and is not decided yet. A delimiter that starts the body has no line break: here it is. */
  #rest: Buffer = CRLF;
  /** The line break after the headers is not content, but may be that of a delimiter: bytes of it that are left. */
  #lead = 0;
  /** Bytes of `#rest` in which no head ends. */
  #searched = 0;

  constructor(boundary: string, sink: PartSink) {
    this.#dashBoundary = Buffer.from(`--${boundary}`, 'latin1');
    this.#sink = sink;
  }

  /** @throws RequestError 400 if the body is malformed. */
  write(chunk: Buffer): void {
    if (this.#state === 'epilogue') return;
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#state === 'head' ? this.#readHead() : this.#readContent());
    // A copy: the chunk is neither kept in memory for a few bytes of it, nor ours.
    this.#rest = Buffer.from(this.#rest);
  }

  /** @throws RequestError 400 if the last delimiter is missing. */
  end(): void {
    if (this.#state === 'head') throw badHeader('the body ends in it');
    // The last delimiter may lack its line break.
    this.write(CRLF);
    if (this.#state !== 'epilogue') {
      throw malformed('Unexpected end of form: its last delimiter, with "--" after the boundary, is missing');
    }
  }

  /** True: there may be more to read in what came. */
  #readHead(): boolean {
    const end = this.#rest.indexOf(HEAD_END, this.#searched);
    if ((end === -1 ? this.#rest.length - HEAD_END.length + 1 : end) > MAX_HEAD) {
      throw badHeader(`longer than ${MAX_HEAD} bytes`);
    }
    if (end === -1) {
      this.#searched = Math.max(0, this.#rest.length - HEAD_END.length + 1);
      return false;
    }
    this.#sink.part(readPartHead(this.#rest.subarray(CRLF.length, end)));
    this.#rest = this.#rest.subarray(end + CRLF.length);
    this.#lead = CRLF.length;
    this.#state = 'content';
    return true;
  }

  /** Content, or what is before the first part, up to a delimiter. True as above. */
  #readContent(): boolean {
    const { length } = this.#dashBoundary;
    const rest = this.#rest;
    // In content a delimiter comes after a line break, of which the boundary has none.
    const next = this.#state === 'content' ? length : 1;
    let at = rest.indexOf(this.#dashBoundary);
    for (; at !== -1; at = rest.indexOf(this.#dashBoundary, at + next)) {
      const lineBreak = lineBreakBefore(rest, at);
      if (lineBreak === 0 && this.#state === 'content') continue;
      const line = readDelimiter(rest, at + length);
      if (line === 'content') continue;
      this.#give(at - lineBreak);
      if (line === 'unknown') return false;
      if ('fault' in line) throw malformed(line.fault);
      if (lineBreak !== CRLF.length) throw malformed('a delimiter does not start after CRLF');
      if (this.#state === 'content') this.#sink.partEnd();
      this.#state = line.last ? 'epilogue' : 'head';
      this.#rest = line.last ? Buffer.alloc(0) : rest.subarray(line.end - CRLF.length);
      this.#searched = 0;
      return !line.last;
    }
    this.#give(
      this.#state === 'content' ? this.#undecided() : Math.max(0, rest.length - length - CRLF.length),
    );
    return false;
  }

  /** Hands on the content up to there. */
  #give(end: number): void {
    if (this.#state === 'content' && end > this.#lead) this.#sink.data(this.#rest.subarray(this.#lead, end));
    this.#lead = Math.max(0, this.#lead - end);
    this.#rest = this.#rest.subarray(end);
  }

  /** Where a delimiter may begin that has not come as a whole. */
  #undecided(): number {
    const rest = this.#rest;
    const { length } = rest;
    const first = Math.max(0, length - this.#dashBoundary.length);
    for (let at = length - 1; at >= first; at--) {
      if (rest[at] !== LF && rest[at] !== CR) continue;
      const started = length - at - 1;
      if (!rest.subarray(at + 1).equals(this.#dashBoundary.subarray(0, started))) break;
      return rest[at] === LF && rest[at - 1] === CR ? at - 1 : at;
    }
    return length;
  }
}

/** Bytes of the line break that ends there: CRLF, or one that is not that of a delimiter. */
function lineBreakBefore(bytes: Buffer, at: number): number {
  if (bytes[at - 1] === LF) return bytes[at - 2] === CR ? 2 : 1;
  return bytes[at - 1] === CR ? 1 : 0;
}

type Delimiter =
  /** What begins after it. */
  | { readonly end: number; readonly last: boolean }
  /** More has to come. */
  | 'unknown'
  | 'content'
  | { readonly fault: string };

/** What the rest of a line is, from after the boundary. */
function readDelimiter(bytes: Buffer, start: number): Delimiter {
  const dashes = bytes.subarray(start, start + 2).toString('latin1');
  if (dashes === '' || dashes === '-') return 'unknown';
  const last = dashes === '--';
  const padding = last ? start + 2 : start;
  let at = padding;
  let onlyPadding = true;
  // Form feed and vertical tab are white space to Python's parsers.
  for (; at < bytes.length && at - padding <= MAX_PADDING; at++) {
    const byte = bytes[at];
    if (byte === 0x0b || byte === 0x0c) onlyPadding = false;
    else if (byte !== 0x20 && byte !== 0x09) break;
  }
  if (at - padding > MAX_PADDING)
    return { fault: `more than ${MAX_PADDING} bytes of white space follow a boundary` };
  const byte = bytes[at];
  if (byte === undefined) return 'unknown';
  if (byte !== CR && byte !== LF)
    return last ? { fault: 'something follows the last delimiter on its line' } : 'content';
  if (!onlyPadding) return { fault: 'white space other than spaces and tabs follows a boundary' };
  // All that follows the last delimiter is ignored anyway.
  if (last) return { end: at, last };
  if (byte === CR && at + 1 === bytes.length) return 'unknown';
  if (byte === CR && bytes[at + 1] === LF) return { end: at + 2, last };
  return { fault: 'a delimiter does not end in CRLF' };
}

/**
 * The boundary that a Content-Type names: RFC 2046 section 5.1.1, though up to 200 characters, as werkzeug allows, and
 * without quotes also where it is not a token, because clients forget them.
 * @throws RequestError 400
 */
export function boundaryOf(contentType: string): string {
  const found = [...contentType.matchAll(/;[ \t]*boundary=(?:"([^"\\]*)"|([^\s;"]*))/gi)];
  const [parameter] = found;
  if (parameter === undefined) throw malformed('its Content-Type names no boundary');
  if (found.length > 1) throw malformed('its Content-Type names more than one boundary');
  const boundary = parameter[1] ?? parameter[2] ?? '';
  if (!/^[ !-~]{0,199}[!-~]$/.test(boundary)) throw malformed('its Content-Type has a bad boundary');
  return boundary;
}
