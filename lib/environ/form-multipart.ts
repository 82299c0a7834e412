/** A multipart/form-data body (RFC 7578), taken apart by busboy. */
import type { Readable } from 'node:stream';
import busboy from 'busboy';
import { RequestError } from '../errors.js';
import type { FileInfo } from './form-file.js';
import type { FormLimits, FormMeter } from './form-limits.js';
import { PartBytes } from './form-upload.js';
import type { FormValues } from './form-values.js';
import type { Input, MaybePromise } from './types.js';

/** Bytes asked of `wsgi.input` at a time. */
const READ_SIZE = 65_536;

type OnFail = (error: unknown) => void;

/** Takes one file; is not called again before it is done. `whenFailed` is called if the form fails meanwhile. */
export type TakeFile = (
  info: FileInfo,
  bytes: PartBytes,
  whenFailed: (call: OnFail) => void,
) => Promise<void>;

export class MultipartReader {
  readonly #input: Pick<Input, 'read'>;
  readonly #parser: busboy.Busboy;
  readonly #limits: FormLimits;
  readonly #meter: FormMeter;
  readonly #fields: FormValues<string>;
  readonly #takeFile: TakeFile;
  /** The files, one after another; never rejects. */
  #files: Promise<void> = Promise.resolve();
  /** The first error. */
  #failure: { readonly error: unknown } | undefined;
  /** To be called with it. */
  readonly #waiting = new Set<OnFail>();

  /** @throws RequestError 400 if the Content-Type names no usable boundary. */
  constructor(
    input: Pick<Input, 'read'>,
    contentType: string,
    limits: FormLimits,
    meter: FormMeter,
    fields: FormValues<string>,
    takeFile: TakeFile,
  ) {
    this.#input = input;
    this.#limits = limits;
    this.#meter = meter;
    this.#fields = fields;
    this.#takeFile = takeFile;
    this.#parser = busboy({
      headers: { 'content-type': `multipart/form-data; boundary="${boundaryOf(contentType)}"` },
      // Names and filenames: browsers send UTF-8 (RFC 7578 section 5.1).
      defParamCharset: 'utf8',
      // One more than is allowed: busboy cuts silently, and takes what is exactly as long as its limit for cut.
      limits: { fieldSize: limits.maxFieldSize + 1, fileSize: limits.maxFileSize + 1 },
    })
      .on('field', (name, value, info) => this.#try(() => this.#field(name, value, info.valueTruncated)))
      .on('file', (name, stream, info) => this.#file(name, stream, info))
      .on('error', (error) => this.#fail(malformed((error as Error).message)));
  }

  async run(): Promise<void> {
    try {
      await this.#feed();
    } catch (error) {
      this.#fail(error);
    }
    await this.#files;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #feed(): Promise<void> {
    const parser = this.#parser;
    for (;;) {
      const chunk = await this.#unlessFailed(this.#input.read(READ_SIZE));
      if (chunk.length === 0) break;
      // Called back when busboy can take more, which is when the file that it reads was taken. Not called when
      // that fails: the event 'error' is.
      await this.#unlessFailed(new Promise<void>((resolve) => void parser.write(chunk, () => resolve())));
    }
    await this.#unlessFailed(new Promise<void>((resolve) => void parser.once('close', resolve).end()));
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

  #file(name: string | undefined, stream: Readable, info: busboy.FileInfo): void {
    stream.on('error', streamOnError);
    this.#try(() => {
      this.#meter.part();
      checkName(name);
      this.#meter.name(Buffer.byteLength(name));
      stream.once('limit', () => this.#fail(this.#meter.fileTooLong(name)));
      this.#files = this.#files
        .then(() => this.#nextFile(name, stream, info))
        .catch((error) => this.#fail(error));
    });
  }

  async #nextFile(name: string, stream: Readable, info: busboy.FileInfo): Promise<void> {
    if (this.#failure !== undefined) {
      stream.destroy();
      return;
    }
    const bytes = new PartBytes(stream);
    // A file input that was left empty: browsers send filename="" and no byte. Django leaves it out too.
    if (info.filename === undefined && (await bytes.isEmpty())) return;
    const file = { name, filename: info.filename ?? '', contentType: info.mimeType };
    let onFail: OnFail | undefined;
    try {
      await this.#takeFile(file, bytes, (call) => {
        onFail = call;
        this.#waiting.add(call);
      });
    } finally {
      if (onFail !== undefined) this.#waiting.delete(onFail);
    }
  }

  /** For busboy's events: it must not see an error, and goes on with the block that it is in after one. */
  #try(work: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const call of this.#waiting) call(error);
    this.#waiting.clear();
    // Later: this may be one of its events. It destroys the stream of the file that it is in.
    process.nextTick(() => this.#parser.destroy(error instanceof Error ? error : undefined));
  }

  /** Waits for `work`, or throws the failure if that comes first. */
  #unlessFailed<T>(work: MaybePromise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure === undefined) this.#waiting.add(reject);
      else reject(this.#failure.error);
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
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
