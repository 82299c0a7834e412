/** The parts of a multipart/form-data body (RFC 7578), taken apart by busboy and held to the limits. */
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { RequestError } from '../errors.js';
import type { FileInfo } from './form-file-facts.js';
import type { FormLimits, FormMeter } from './form-limits.js';
import type { FormValues } from './form-values.js';

/** A file whose bytes follow. */
export interface FileStart {
  readonly info: FileInfo;
  /** Browsers send filename="" and no byte for a file input that was left empty. Django leaves it out too. */
  readonly noneIfEmpty: boolean;
  /** busboy's. */
  readonly stream: Readable;
}

/** What a reader does with what is found, while busboy is in the midst of a block: it must not throw. */
export interface PartsReader {
  file(start: FileStart): void;
  /** Called once, with the first error. */
  failed(error: unknown): void;
}

/** What both readers share: on the event loop (form-multipart.ts) and where it blocks (blocking-form-multipart.ts). */
export class MultipartParts {
  /** Takes the bytes of the body. */
  readonly parser: busboy.Busboy;
  readonly #limits: FormLimits;
  readonly #meter: FormMeter;
  readonly #fields: FormValues<string>;
  readonly #reader: PartsReader;
  /** The first error. */
  #failure: { readonly error: unknown } | undefined;

  /** @throws RequestError 400 if the Content-Type names no usable boundary. */
  constructor(
    contentType: string,
    limits: FormLimits,
    meter: FormMeter,
    fields: FormValues<string>,
    reader: PartsReader,
  ) {
    this.#limits = limits;
    this.#meter = meter;
    this.#fields = fields;
    this.#reader = reader;
    this.parser = busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundaryOf(contentType)}"` },
      // Names and filenames: browsers send UTF-8 (RFC 7578 section 5.1).
      defParamCharset: 'utf8',
      // One more than is allowed: busboy cuts silently, and takes what is exactly as long as its limit for cut.
      limits: { fieldSize: limits.maxFieldSize + 1, fileSize: limits.maxFileSize + 1 },
    })
      .on('field', (name, value, info) => this.#try(() => this.#field(name, value, info.valueTruncated)))
      .on('file', (name, stream, info) => {
        stream.on('error', streamOnError);
        this.#try(() => this.#file(name, stream, info));
      })
      .on('error', (error) => this.malformed(error as Error));
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The form is not to be had, for this reason unless there was one before. */
  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#reader.failed(error);
  }

  /** Fails with what busboy says. */
  malformed(error: Error): void {
    this.fail(malformed(error.message));
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #field(name: string | undefined, value: string | undefined, truncated: boolean): void {
    this.#meter.part();
    checkName(name);
    // busboy has no value where the charset of the part is none of UTF-8, UTF-16, latin-1 and ASCII.
    if (value === undefined) {
      throw new RequestError(415, `The field ${JSON.stringify(name)} has a charset that is not supported`);
    }
    // busboy counted the bytes as they came; in UTF-8 they may be more.
    const { maxFieldSize } = this.#limits;
    const size = truncated ? maxFieldSize + 1 : Math.min(Buffer.byteLength(value), maxFieldSize);
    this.#meter.field(name, Buffer.byteLength(name), size);
    this.#fields.append(name, value);
  }

  #file(name: string | undefined, stream: Readable, { filename, mimeType }: busboy.FileInfo): void {
    this.#meter.part();
    checkName(name);
    this.#meter.name(Buffer.byteLength(name));
    stream.once('limit', () => this.fail(this.#meter.fileTooLong(name)));
    const info = { name, filename: filename ?? '', contentType: mimeType };
    this.#reader.file({ info, noneIfEmpty: filename === undefined, stream });
  }

  /** For busboy's events: it must not see an error, and goes on with the block that it is in after one. */
  #try(work: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }
}

/** RFC 7578 section 4.2. busboy gives undefined for an empty name too, which no browser sends. */
function checkName(name: string | undefined): asserts name is string {
  if (name === undefined) throw malformed('a part has no name');
}

/**
 * RFC 2046 section 5.1.1, though up to 200 characters, as werkzeug allows. busboy wants it quoted if it holds what
 * is no token, which clients forget.
 */
function boundaryOf(contentType: string): string {
  const found = /;[ \t]*boundary=(?:"([^"\\]*)"|([^\s;"]*))/i.exec(contentType);
  if (found === null) throw malformed('its Content-Type names no boundary');
  const boundary = found[1] ?? found[2] ?? '';
  if (!/^[ !-~]{0,199}[!-~]$/.test(boundary)) throw malformed('its Content-Type has a bad boundary');
  return boundary;
}

function malformed(why: string): RequestError {
  return new RequestError(400, `The multipart form is malformed: ${why}`);
}

function streamOnError(): void {}
