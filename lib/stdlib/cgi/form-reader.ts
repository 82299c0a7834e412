/** Reads a form as `cgi.FieldStorage` does: LF line ends, parts without a name and a missing end are not errors. */

import { PartBytes } from '../../environ/form/part-bytes.js';
import { badHeader, malformed } from '../../environ/form/part-head.js';
import { READ_SIZE } from '../../environ/input/byte-queue.js';
import { runSteps, type Steps, step } from '../../environ/maybe-promise.js';
import { ContentTooLarge } from '../../errors.js';
import type { Dict } from '../arguments.js';
import { ValueError } from '../errors.js';
import { BytesIO } from '../io.js';
import type { FormRequest } from './arguments.js';
import { type FormSource, stripBoth } from './form-source.js';
import { pairsOf } from './pairs.js';
import { parse_header } from './parse-header.js';
import { ContentByLength, ContentToBoundary, type Done, type PartContent } from './part-content.js';
import { partHeaders } from './part-headers.js';
import type { TemporaryFile, Uploads } from './uploads.js';

/** One name and value of a query string or an urlencoded body. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** A form, or a part of one. */
export interface Part {
  readonly headers: Dict<string>;
  readonly name: string | null;
  readonly filename: string | null;
  readonly type: string;
  readonly type_options: Dict<string>;
  readonly disposition: string;
  readonly disposition_options: Dict<string>;
  /** Bytes, by its Content-Length; -1: it has none. */
  readonly length: number;
  /** The fields, if it is a form. */
  list: (Part | Pair)[] | null;
  text: string | null;
  file: BytesIO | TemporaryFile | null;
  done: Done;
  bytesRead: number;
}

/** What a part inherits of the form that it is in. */
interface Place {
  /** Of the form around it; empty: none. */
  readonly boundary: string;
  readonly limit: number | null;
  readonly mostFields: number | null;
  readonly depth: number;
}

/** Larger uploads go to disk; the size is Python's. */
const MOST_IN_MEMORY = 1000;
/** Bytes of the headers of a part, as for `parseForm`. */
const MAX_HEAD = 16_384;
/** Forms in forms (RFC 7578 section 4.3 has given them up). Each one makes every line cost more. */
const MAX_DEPTH = 8;

export class FormReader {
  readonly #request: FormRequest;
  readonly #source: FormSource;
  readonly #uploads: Uploads;

  constructor(request: FormRequest, source: FormSource, uploads: Uploads) {
    this.#request = request;
    this.#source = source;
    this.#uploads = uploads;
  }

  /** @throws ValueError and TypeError as Python; ContentTooLarge over a limit; what the input throws. */
  *read(): Steps<Part> {
    const { headers, outerboundary, limit, max_num_fields } = this.#request;
    return yield* this.#part(headers, {
      boundary: outerboundary.toString('latin1'),
      limit,
      mostFields: max_num_fields,
      depth: 0,
    });
  }

  *#part(headers: Dict<string>, place: Place): Steps<Part> {
    const part = describe(headers, place.boundary !== '' || this.#request.method !== 'POST');
    if (part.type === 'application/x-www-form-urlencoded') yield* this.#urlencoded(part, place);
    else if (part.type.startsWith('multipart/')) yield* this.#multipart(part, place);
    else yield* this.#single(part, place);
    return part;
  }

  *#urlencoded(part: Part, place: Place): Steps<void> {
    const { text, queryOnPost, limits } = this.#request;
    // A byte may be sent as three; each field has two separators.
    const most = 3 * limits.maxTotalFieldSize + 2 * limits.maxFields;
    const all = new ContentByLength(this.#source, part.length < 0 ? Number.POSITIVE_INFINITY : part.length);
    const blocks: Buffer[] = [];
    for (let block = yield* all.next(); block !== undefined; block = yield* all.next()) {
      if (all.bytesRead > most) {
        throw new ContentTooLarge(
          `The form is longer than maxTotalFieldSize allows (${limits.maxTotalFieldSize} bytes)`,
        );
      }
      blocks.push(block);
    }
    const sent = text.decode(Buffer.concat(blocks));
    const query = place.depth === 0 && queryOnPost ? `${sent}&${queryOnPost}` : sent;
    part.list = this.#pairs(query, place.mostFields);
    yield* this.#skip(part, place);
  }

  #pairs(query: string, max_num_fields: number | null): Pair[] {
    return pairsOf(query, { ...this.#request, max_num_fields }).map(([name, value]) => ({ name, value }));
  }

  *#multipart(part: Part, place: Place): Steps<void> {
    const boundary = part.type_options['boundary'] ?? '';
    if (!/^[ -~]{0,200}[!-~]$/.test(boundary)) {
      throw new ValueError(`Invalid boundary in multipart form: ${JSON.stringify(boundary)}`);
    }
    if (place.depth >= MAX_DEPTH) throw malformed(`more than ${MAX_DEPTH} forms are in each other`);
    const { queryOnPost, text, meter } = this.#request;
    const list: (Part | Pair)[] = [];
    part.list = list;
    if (place.depth === 0 && queryOnPost) list.push(...this.#pairs(queryOnPost, place.mostFields));
    let left = place.mostFields === null ? null : place.mostFields - list.length;
    const limit = place.limit ?? (part.length >= 0 ? part.length : null);
    yield* this.#preamble(part, boundary);
    for (;;) {
      const head = yield* this.#head();
      if (head.length === 0) break;
      part.bytesRead += head.length;
      meter.part();
      const headers = partHeaders(text.decode(head));
      // Some clients send it, and Python ignores it.
      delete headers['content-length'];
      const inner = yield* this.#part(headers, {
        boundary,
        limit: limit === null ? null : limit - part.bytesRead,
        mostFields: left,
        depth: place.depth + 1,
      });
      if (left !== null) {
        left -= 1 + (inner.list?.length ?? 0);
        if (left < 0) throw new ValueError('Max number of fields exceeded');
      }
      part.bytesRead += inner.bytesRead;
      list.push(inner);
      if (inner.done !== 0 || (part.length > 0 && part.bytesRead >= part.length)) break;
    }
    yield* this.#skip(part, place);
  }

  /** To the first boundary, on a line of its own. */
  *#preamble(part: Part, boundary: string): Steps<void> {
    for (let whole = true; ; ) {
      const skipped = yield* this.#source.skipLines(`--${boundary}`);
      part.bytesRead += skipped;
      whole ||= skipped > 0;
      const line = this.#source.lineNow() ?? (yield* this.#source.line());
      part.bytesRead += line.length;
      if (line.length === 0 || (whole && stripBoth(line) === `--${boundary}`)) return;
      whole = line.at(-1) === 0x0a;
    }
  }

  /** With the empty line after it; empty at the end of the body. */
  *#head(): Steps<Buffer> {
    const lines: Buffer[] = [];
    for (let size = 0; ; ) {
      const line = this.#source.lineNow() ?? (yield* this.#source.line());
      size += line.length;
      if (size > MAX_HEAD) throw badHeader(`longer than ${MAX_HEAD} bytes`);
      lines.push(Buffer.from(line));
      if (stripBoth(line) === '') return Buffer.concat(lines);
    }
  }

  *#single(part: Part, place: Place): Steps<void> {
    const isFile = part.filename !== null;
    if (part.length > 0 && !isFile) {
      // Python fails as well, when it writes the bytes into a file for text. Here nothing was read yet.
      throw new TypeError(
        `The body is ${part.type === '' ? 'of no type' : part.type}, not a form: read environ['wsgi.input'] instead`,
      );
    }
    const content =
      part.length < 0 && place.boundary !== ''
        ? new ContentToBoundary(this.#source, place.boundary, place.limit)
        : new ContentByLength(this.#source, part.length < 0 ? Number.POSITIVE_INFINITY : part.length);
    if (isFile) part.file = yield* this.#file(part.name ?? '', content);
    else part.text = yield* this.#text(part.name ?? '', content);
    part.done = content.done;
    part.bytesRead = content.bytesRead;
    if (part.length < 0 && place.boundary === '') part.done = -1;
    if (part.length >= 0) yield* this.#skip(part, place);
  }

  *#text(name: string, content: PartContent): Steps<string> {
    const { text, meter, limits } = this.#request;
    const nameSize = Buffer.byteLength(name);
    const pieces: Buffer[] = [];
    let size = 0;
    for (let piece = yield* content.next(); piece !== undefined; piece = yield* content.next()) {
      pieces.push(piece);
      size += piece.length;
      if (size > limits.maxFieldSize) break;
    }
    meter.field(name, nameSize, size);
    return text.decode(Buffer.concat(pieces));
  }

  *#file(name: string, content: PartContent): Steps<BytesIO | TemporaryFile> {
    const { meter, limits } = this.#request;
    meter.name(Buffer.byteLength(name));
    let ended = false;
    const readOn = function* (): Steps<void> {
      // Many lines at once: each call may become one write to disk.
      for (const start = bytes.size; bytes.size - start < READ_SIZE; ) {
        const piece = yield* content.next();
        if (piece === undefined) {
          ended = true;
          return bytes.end();
        }
        bytes.push(piece);
        if (bytes.size > limits.maxFileSize) throw meter.fileTooLong(name);
      }
    };
    const bytes = new PartBytes(() => runSteps(readOn()));
    yield* readOn();
    if (ended && bytes.size <= MOST_IN_MEMORY) return new BytesIO(yield* step(bytes.read(MOST_IN_MEMORY)));
    return yield* this.#uploads.store(bytes);
  }

  /**
   * What is between the end of a part and the next boundary. Python looks for it in a way that never finds it, and so
   * loses what follows a form in a form; here as well.
   */
  *#skip(part: Part, place: Place): Steps<void> {
    if (place.boundary === '' || part.done !== 0) return;
    for (const all = new ContentByLength(this.#source, Number.POSITIVE_INFINITY); ; ) {
      const block = yield* all.next();
      if (block === undefined) break;
      part.bytesRead += block.length;
    }
    part.done = -1;
  }
}

function describe(headers: Dict<string>, isPart: boolean): Part {
  const [disposition, disposition_options] = parse_header(headers['content-disposition'] ?? '');
  const plain = isPart ? 'text/plain' : 'application/x-www-form-urlencoded';
  const [type, type_options] = parse_header(headers['content-type'] ?? plain);
  const { name = null, filename = null } = disposition_options;
  return {
    headers,
    ...{ name, filename, type, type_options, disposition, disposition_options },
    length: lengthOf(headers['content-length']),
    ...{ list: null, text: null, file: null, done: 0, bytesRead: 0 },
  };
}

/** Of a Content-Length, as Python's `int()` takes it; -1 for what is none. */
export function lengthOf(header: string | undefined): number {
  return header !== undefined && /^\s*[+-]?\d+(?:_\d+)*\s*$/.test(header)
    ? Number(header.replaceAll('_', ''))
    : -1;
}
