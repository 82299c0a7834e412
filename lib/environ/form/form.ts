/** Form bodies: `parseForm(environ)` reads fields and files, within limits (werkzeug's `parse_form_data`). */
import { isUint8Array } from 'node:util/types';
import { RequestScope } from '../../current-request.js';
import { ApplicationError } from '../../errors.js';
import { checkOptionNames } from '../../option-names.js';
import { AwaitedCall } from '../../unawaited.js';
import { READ_SIZE } from '../input/byte-queue.js';
import { andThen, ignore, isPromise, now, runSteps, type Steps, step } from '../maybe-promise.js';
import { typeName } from '../syntax.js';
import type { BlockingEnviron, Environ, MaybePromise } from '../types.js';
import { charsetOf } from './charset.js';
import {
  type BlockingFilePart,
  BlockingFormFile,
  type FileContent,
  type FileInfo,
  type FilePart,
  FormFile,
} from './file.js';
import { MultipartReader, type TakeFile } from './multipart.js';
import { callBlockingOnFile, callOnFile } from './on-file.js';
import { checkOptions, FORM_LIMITS, type FormLimits, type FormOptionsOf } from './options.js';
import type { PartBytes } from './part-bytes.js';
import { BLOCKING_DISK, DISK, type Disk, UploadFolder } from './temporary-files.js';
import { UrlencodedParser } from './urlencoded.js';
import { FormValues } from './values.js';

export type FormOptions = FormOptionsOf<FilePart>;

/** `onFile` reads its part synchronously, and must be done when it returns. */
export type BlockingFormOptions = FormOptionsOf<BlockingFilePart>;

/** What `parseForm` needs of environ. */
export type FormEnviron = Pick<Environ, 'wsgi.input' | 'CONTENT_TYPE'> &
  Partial<Pick<Environ, 'node.nonblocking'>>;

/** The same in a worker thread. */
export type BlockingFormEnviron = Pick<BlockingEnviron, 'wsgi.input' | 'CONTENT_TYPE' | 'node.nonblocking'>;

/** What a form holds, in either mode. */
class FormOf<File> {
  readonly fields: FormValues<string> = new FormValues<string>();
  readonly files: FormValues<File> = new FormValues<File>();
  readonly #folder: UploadFolder;

  /** @internal */
  constructor(folder: UploadFolder) {
    this.#folder = folder;
  }

  /** @internal */
  protected removeFiles(): MaybePromise<void> {
    return this.#folder.close();
  }
}

/**
 * A form that was read. Its temporary files stay until it is closed (or say `await using`), at the latest until its request
 * is over: answered, the body of the response closed, and the call of the application settled.
 */
export class Form extends FormOf<FormFile> implements AsyncDisposable {
  /** Removes the temporary files; may be called again. */
  async close(): Promise<void> {
    await this.removeFiles();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** As `Form`, read in a worker thread: close it, or say `using`. */
export class BlockingForm extends FormOf<BlockingFormFile> implements Disposable {
  /** Removes the temporary files; may be called again. */
  close(): void {
    now(this.removeFiles());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const PARSE_FORM = new AwaitedCall('parseForm()');

/**
 * Reads `wsgi.input` if CONTENT_TYPE says that it is a form; otherwise leaves it alone and gives an empty form.
 *
 * In a worker thread (`node.nonblocking` is false) it blocks and returns the form itself, with the same limits and
 * errors: nothing needs `await`, and `onFile` reads synchronously. A handler for both awaits what it calls.
 * @throws RequestError: 400 malformed, 413 (`ContentTooLarge`) over a limit, 415 unknown charset; ConfigError for
 * options; ApplicationError where `wsgi.input` was replaced by something that does not give bytes; or what `wsgi.input` or
 * `onFile` threw. No file is left then.
 */
export function parseForm(environ: FormEnviron, options?: FormOptions): Promise<Form>;
export function parseForm(environ: BlockingFormEnviron, options?: BlockingFormOptions): BlockingForm;
export function parseForm(
  environ: FormEnviron | BlockingFormEnviron,
  options?: FormOptionsOf<FilePart | BlockingFilePart>,
): Promise<Form> | BlockingForm;
export function parseForm(
  environ: FormEnviron | BlockingFormEnviron,
  options: FormOptionsOf<never> = {},
): Promise<Form> | BlockingForm {
  // The overloads tie the kind of `onFile` to that of environ.
  if (environ['node.nonblocking'] === false) {
    return now(runSteps(parse(BLOCKING, environ, options as BlockingFormOptions)));
  }
  const parsed = async () => runSteps(parse(EVENT_LOOP, environ, options as FormOptions));
  return PARSE_FORM.mark(parsed());
}

/** What differs between the event loop and a worker thread. */
interface Mode<Part, File, F extends FormOf<File>> {
  readonly disk: Disk;
  readonly Form: new (folder: UploadFolder) => F;
  readonly File: new (info: FileInfo, content: FileContent) => File;
  callOnFile(onFile: (part: Part) => unknown, info: FileInfo, bytes: PartBytes): MaybePromise<FileContent>;
}

const OPTIONS = [...Object.keys(FORM_LIMITS), 'uploadDir', 'onFile'];

const EVENT_LOOP: Mode<FilePart, FormFile, Form> = { disk: DISK, Form, File: FormFile, callOnFile };
const BLOCKING: Mode<BlockingFilePart, BlockingFormFile, BlockingForm> = {
  disk: BLOCKING_DISK,
  Form: BlockingForm,
  File: BlockingFormFile,
  callOnFile: callBlockingOnFile,
};

function* parse<Part, File, F extends FormOf<File>>(
  mode: Mode<Part, File, F>,
  environ: FormEnviron | BlockingFormEnviron,
  options: FormOptionsOf<Part>,
): Steps<F> {
  checkOptionNames('parseForm', options, OPTIONS);
  const limits = checkOptions(options);
  const { onFile, uploadDir } = options;
  const folder = new UploadFolder(mode.disk, uploadDir, RequestScope.of(environ['wsgi.input']));
  const form = new mode.Form(folder);
  try {
    yield* readForm(environ, limits, form.fields, function* (info, bytes) {
      const content =
        onFile === undefined ? yield* folder.store(bytes) : yield* step(mode.callOnFile(onFile, info, bytes));
      form.files.append(info.name, new mode.File(info, content));
    });
  } catch (error) {
    try {
      yield* step(folder.close());
    } catch {
      // What went wrong first is what the caller needs to know.
    }
    throw error;
  }
  return form;
}

function* readForm(
  environ: FormEnviron | BlockingFormEnviron,
  limits: FormLimits,
  fields: FormValues<string>,
  takeFile: TakeFile,
): Steps<void> {
  const contentType = environ.CONTENT_TYPE ?? '';
  switch (contentType.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded': {
      const read = blockReader(environ);
      return yield* new UrlencodedParser(charsetOf(contentType), limits, fields).read(read);
    }
    case 'multipart/form-data':
      return yield* new MultipartReader(contentType, blockReader(environ), limits, fields, takeFile).read();
  }
}

/**
 * What reads the next block of `wsgi.input`, which middleware may have replaced; it is empty at the end of the body. In a
 * worker thread it never gives a promise.
 * @throws ApplicationError if there is no input, or what it gives is not bytes.
 */
function blockReader(environ: FormEnviron | BlockingFormEnviron): () => MaybePromise<Buffer> {
  const input = environ['wsgi.input'] as { read?: unknown } | null | undefined;
  const read = input?.read;
  if (typeof read !== 'function') {
    throw new ApplicationError(
      `environ['wsgi.input'] has to be an object with a method read(size), not ${typeName(input)} (PEP 3333 "Input and Error Streams")`,
    );
  }
  const blocking = environ['node.nonblocking'] === false;
  return () => {
    const block: unknown = read.call(input, READ_SIZE);
    if (blocking && isPromise(block)) {
      // Should it reject as well, this is the error to be told.
      block.then(undefined, ignore);
      throw new TypeError(
        'wsgi.input.read() has to return bytes where node.nonblocking is false, not a promise',
      );
    }
    return andThen(block, asBuffer);
  };
}

function asBuffer(block: unknown): Buffer {
  if (Buffer.isBuffer(block)) return block;
  if (isUint8Array(block)) return Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  throw new ApplicationError(`wsgi.input.read() has to give bytes, not ${typeName(block)}`);
}
