/** Reads a multipart/form-data body, within limits; waits where `wsgi.input`, or what takes a file, gives a promise. */
import { isPromise, runSteps, type Steps, step } from '../maybe-promise.js';
import type { MaybePromise } from '../types.js';
import { type Decode, decoderFor } from './charset.js';
import type { FileInfo } from './file.js';
import { type FormLimits, FormMeter } from './options.js';
import { PartBytes } from './part-bytes.js';
import type { PartHead } from './part-head.js';
import { boundaryOf, MultipartSplitter, type PartSink } from './splitter.js';
import type { FormValues } from './values.js';

/** Takes one file; is not called again before it is done. */
export type TakeFile = (info: FileInfo, bytes: PartBytes) => Steps<void>;

interface FoundFile {
  readonly info: FileInfo;
  readonly noneIfEmpty: boolean;
  readonly bytes: PartBytes;
}

interface OpenField {
  readonly name: string;
  readonly decode: Decode;
  readonly pieces: Buffer[];
  size: number;
}

export class MultipartReader implements PartSink {
  readonly #read: () => MaybePromise<Buffer>;
  readonly #splitter: MultipartSplitter;
  readonly #limits: FormLimits;
  readonly #meter: FormMeter;
  readonly #fields: FormValues<string>;
  readonly #takeFile: TakeFile;
  /** Files that were not taken yet: those that begin in the block that was read last. */
  readonly #found: FoundFile[] = [];
  /** The part whose content comes. */
  #field: OpenField | undefined;
  #file: FoundFile | undefined;
  /** The file that is being taken. */
  #taken: FoundFile | undefined;
  /** A block that is on its way. */
  #feeding: Promise<void> | undefined;
  #ended = false;
  /** The first error: `onFile` may have caught it. */
  #failure: { readonly error: unknown } | undefined;

  /** @param read reads the next block; an empty one is the end. @throws RequestError 400 */
  constructor(
    contentType: string,
    read: () => MaybePromise<Buffer>,
    limits: FormLimits,
    fields: FormValues<string>,
    takeFile: TakeFile,
  ) {
    this.#splitter = new MultipartSplitter(boundaryOf(contentType), this);
    this.#read = read;
    this.#limits = limits;
    this.#meter = new FormMeter(limits);
    this.#fields = fields;
    this.#takeFile = takeFile;
  }

  /** @throws RequestError, or what `read` or `takeFile` threw. */
  *read(): Steps<void> {
    while (!this.#ended) {
      yield* step(this.#feed());
      // In order; each may read on, and so find more.
      for (let file = this.#found.shift(); file !== undefined; file = this.#found.shift()) {
        if (file.noneIfEmpty && (yield* file.bytes.isEmpty())) continue;
        this.#taken = file;
        try {
          yield* this.#takeFile(file.info, file.bytes);
        } catch (error) {
          // A stream that it left open reads no further.
          this.#fail(error);
        }
        this.#taken = undefined;
        this.#throwIfFailed();
      }
    }
  }

  /** Reads the next block. Calls that overlap (a stream that was given up may still wait) wait for the same one. */
  #feed(): MaybePromise<void> {
    if (this.#feeding !== undefined) return this.#feeding;
    const fed = runSteps(this.#readBlock());
    if (!isPromise(fed)) return;
    this.#feeding = Promise.resolve(fed).finally(() => {
      this.#feeding = undefined;
    });
    return this.#feeding;
  }

  *#readBlock(): Steps<void> {
    this.#throwIfFailed();
    try {
      const chunk = yield* step(this.#read());
      // Meanwhile, what takes the file may have failed.
      this.#throwIfFailed();
      if (chunk.length > 0) this.#splitter.write(chunk);
      else {
        this.#ended = true;
        this.#splitter.end();
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#taken?.bytes.fail(error);
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  part({ name, filename, noneIfEmpty, contentType, charset }: PartHead): void {
    this.#meter.part();
    if (filename === undefined) {
      const decode = decoderFor(`The field ${JSON.stringify(name)}`, charset);
      this.#field = { name, decode, pieces: [], size: 0 };
      return;
    }
    this.#meter.name(Buffer.byteLength(name));
    const bytes = new PartBytes(() => this.#feed());
    this.#file = { info: { name, filename, contentType }, noneIfEmpty, bytes };
    this.#found.push(this.#file);
  }

  data(bytes: Buffer): void {
    const field = this.#field;
    if (field !== undefined) {
      // A copy: an input that is not ours may use its memory again, and a small field does not keep a whole block.
      field.pieces.push(Buffer.from(bytes));
      field.size += bytes.length;
      if (field.size > this.#limits.maxFieldSize) this.#measure(field);
    }
    const file = this.#file;
    if (file === undefined) return;
    file.bytes.push(bytes);
    if (file.bytes.size > this.#limits.maxFileSize) throw this.#meter.fileTooLong(file.info.name);
  }

  partEnd(): void {
    const field = this.#field;
    if (field !== undefined) {
      this.#measure(field);
      this.#fields.append(field.name, field.decode(Buffer.concat(field.pieces)));
    }
    this.#file?.bytes.end();
    this.#field = undefined;
    this.#file = undefined;
  }

  #measure({ name, size }: OpenField): void {
    this.#meter.field(name, Buffer.byteLength(name), size);
  }
}
