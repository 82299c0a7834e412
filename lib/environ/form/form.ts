/** Form bodies: `parseForm(environ)` reads fields and files, within limits (werkzeug's `parse_form_data`). */
import { AwaitedCall } from '../../unawaited.js';
import { RequestEnd } from '../request-end.js';
import type { Environ } from '../types.js';
import type { BlockingFilePart } from './blocking-file.js';
import {
  type BlockingForm,
  type BlockingFormEnviron,
  type BlockingFormOptions,
  parseBlockingForm,
} from './blocking-form.js';
import { type FilePart, FormFile } from './file.js';
import { readForm } from './multipart.js';
import { callOnFile, UploadFolder } from './on-file.js';
import { checkOptions, type FormOptionsOf } from './request.js';
import { FormValues } from './values.js';

const PARSE_FORM = new AwaitedCall('parseForm()');

export type FormOptions = FormOptionsOf<FilePart>;

/** What `parseForm` needs of environ. */
export type FormEnviron = Pick<Environ, 'wsgi.input' | 'CONTENT_TYPE'> &
  Partial<Pick<Environ, 'node.nonblocking'>>;

export type FormFields = FormValues<string>;
export type FormFiles = FormValues<FormFile>;

/**
 * A form that was read. Its temporary files stay until it is closed (or say `await using`), at the latest until its request
 * is over: answered, the body of the response closed, and the call of the application settled.
 */
export class Form implements AsyncDisposable {
  readonly fields: FormFields = new FormValues<string>();
  readonly files: FormFiles = new FormValues<FormFile>();
  readonly #folder: UploadFolder;

  /** @internal */
  constructor(folder: UploadFolder) {
    this.#folder = folder;
  }

  /** Removes the temporary files; may be called again. */
  close(): Promise<void> {
    return this.#folder.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Reads `wsgi.input` if CONTENT_TYPE says that it is a form; otherwise leaves it alone and gives an empty form.
 *
 * In a worker thread (`node.nonblocking` is false) it blocks and returns the form itself, with the same limits and
 * errors: nothing needs `await`, and `onFile` reads synchronously. A handler for both awaits what it calls.
 * @throws RequestError: 400 malformed, 413 (`ContentTooLarge`) over a limit, 415 unknown charset; ConfigError for
 * options; ApplicationError where `wsgi.input` was replaced by something that gives no bytes; or what `wsgi.input` or
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
  return environ['node.nonblocking'] === false
    ? parseBlockingForm(environ, options as BlockingFormOptions)
    : PARSE_FORM.mark(parseOnEventLoop(environ, options as FormOptions));
}

async function parseOnEventLoop(environ: FormEnviron, options: FormOptions): Promise<Form> {
  const limits = checkOptions(options);
  const folder = new UploadFolder(options.uploadDir, RequestEnd.of(environ['wsgi.input']));
  const form = new Form(folder);
  try {
    await readForm(environ, limits, form.fields, async (info, bytes) => {
      const { onFile } = options;
      const content = await (onFile === undefined ? folder.store(bytes) : callOnFile(onFile, info, bytes));
      form.files.append(info.name, new FormFile(info, content));
    });
  } catch (error) {
    // What went wrong first is what the caller needs to know.
    await form.close().catch(() => undefined);
    throw error;
  }
  return form;
}
