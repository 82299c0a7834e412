/** A multipart/form-data body (RFC 7578), read on the event loop. */
import type { FileInfo } from './form-file-facts.js';
import type { FormLimits, FormMeter } from './form-limits.js';
import { type FileStart, MultipartParts, type PartsReader } from './form-parts.js';
import { READ_SIZE } from './form-request.js';
import { PartBytes } from './form-upload.js';
import type { FormValues } from './form-values.js';
import type { Input, MaybePromise } from './types.js';

type OnFail = (error: unknown) => void;

/** Takes one file; is not called again before it is done. `whenFailed` is called if the form fails meanwhile. */
export type TakeFile = (
  info: FileInfo,
  bytes: PartBytes,
  whenFailed: (call: OnFail) => void,
) => Promise<void>;

export class MultipartReader implements PartsReader {
  readonly #input: Pick<Input, 'read'>;
  readonly #parts: MultipartParts;
  readonly #takeFile: TakeFile;
  /** The files, one after another; never rejects. */
  #files: Promise<void> = Promise.resolve();
  /** To be called with the first error. */
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
    this.#takeFile = takeFile;
    this.#parts = new MultipartParts(contentType, limits, meter, fields, this);
  }

  async run(): Promise<void> {
    try {
      await this.#feed();
    } catch (error) {
      this.#parts.fail(error);
    }
    await this.#files;
    this.#parts.throwIfFailed();
  }

  async #feed(): Promise<void> {
    const { parser } = this.#parts;
    for (;;) {
      const chunk = await this.#unlessFailed(this.#input.read(READ_SIZE));
      if (chunk.length === 0) break;
      // Called back when busboy can take more, which is when the file that it reads was taken. Not called when
      // that fails: the event 'error' is.
      await this.#unlessFailed(new Promise<void>((resolve) => void parser.write(chunk, () => resolve())));
    }
    await this.#unlessFailed(new Promise<void>((resolve) => void parser.once('close', resolve).end()));
  }

  file(start: FileStart): void {
    this.#files = this.#files.then(() => this.#nextFile(start)).catch((error) => this.#parts.fail(error));
  }

  async #nextFile({ info, noneIfEmpty, stream }: FileStart): Promise<void> {
    if (this.#parts.failure !== undefined) {
      stream.destroy();
      return;
    }
    const bytes = new PartBytes(stream);
    if (noneIfEmpty && (await bytes.isEmpty())) return;
    let onFail: OnFail | undefined;
    try {
      await this.#takeFile(info, bytes, (call) => {
        onFail = call;
        this.#waiting.add(call);
      });
    } finally {
      if (onFail !== undefined) this.#waiting.delete(onFail);
    }
  }

  failed(error: unknown): void {
    for (const call of this.#waiting) call(error);
    this.#waiting.clear();
    // Later: this may be one of its events. It destroys the stream of the file that it is in.
    process.nextTick(() => this.#parts.parser.destroy(error instanceof Error ? error : undefined));
  }

  /** Waits for `work`, or throws the failure if that comes first. */
  #unlessFailed<T>(work: MaybePromise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { failure } = this.#parts;
      if (failure === undefined) this.#waiting.add(reject);
      else reject(failure.error);
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }
}
