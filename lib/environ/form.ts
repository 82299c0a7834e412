/** Form bodies: `parseForm(environ)` reads fields and files, within limits (werkzeug's `parse_form_data`). */
import { ConfigError } from '../errors.js';
import { type FileInfo, FormFile } from './form-file.js';
import { checkLimits, type FormLimits, FormMeter } from './form-limits.js';
import { MultipartReader, type TakeFile } from './form-multipart.js';
import { callOnFile, type OnFile, UploadFolder } from './form-upload.js';
import { UrlencodedReader } from './form-urlencoded.js';
import { FormValues } from './form-values.js';
import type { Environ } from './types.js';

export interface FormOptions extends Partial<FormLimits> {
  /** Where temporary files go; default: a fresh folder in that of the system. `form.close()` removes them. */
  uploadDir?: string;
  /**
   * Takes each file instead of a temporary file: one at a time, in order, and the next is not read before it is
   * done. What it returns is the `value` of the file. What it leaves unread is thrown away.
   */
  onFile?: OnFile;
}

export type FormFields = FormValues<string>;
export type FormFiles = FormValues<FormFile>;

/** A form that was read. Close it, or say `await using`, for its temporary files stay until then. */
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
 * @throws RequestError: 400 malformed, 413 (`ContentTooLarge`) over a limit, 415 unknown charset; or what
 * `wsgi.input` or `onFile` threw. No file is left then.
 */
export async function parseForm(
  environ: Pick<Environ, 'wsgi.input' | 'CONTENT_TYPE'>,
  options: FormOptions = {},
): Promise<Form> {
  const limits = checkLimits(options);
  if (options.onFile !== undefined && options.uploadDir !== undefined) {
    throw new ConfigError('One and only one of onFile and uploadDir can be given');
  }
  const folder = new UploadFolder(options.uploadDir);
  const form = new Form(folder);
  try {
    await readerOf(environ, limits, form, takeFile(form, folder, options.onFile))?.run();
  } catch (error) {
    // What went wrong first is what the caller needs to know.
    await form.close().catch(() => undefined);
    throw error;
  }
  return form;
}

function readerOf(
  environ: Pick<Environ, 'wsgi.input' | 'CONTENT_TYPE'>,
  limits: FormLimits,
  form: Form,
  take: TakeFile,
): UrlencodedReader | MultipartReader | undefined {
  const type = environ.CONTENT_TYPE ?? '';
  const meter = new FormMeter(limits);
  switch (type.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/x-www-form-urlencoded':
      return new UrlencodedReader(environ['wsgi.input'], charsetOf(type), limits, meter, form.fields);
    case 'multipart/form-data':
      return new MultipartReader(environ['wsgi.input'], type, limits, meter, form.fields, take);
    default:
      return undefined;
  }
}

function takeFile(form: Form, folder: UploadFolder, onFile: OnFile | undefined): TakeFile {
  return async (info: FileInfo, bytes, whenFailed) => {
    const content =
      onFile === undefined ? await folder.store(bytes) : await callOnFile(onFile, info, bytes, whenFailed);
    form.files.append(info.name, new FormFile(info, content));
  };
}

/** What HTML sends is UTF-8 always; other clients may say so. */
function charsetOf(contentType: string): string {
  const found = /;[ \t]*charset=(?:"([^"]*)"|([^\s;"]*))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? 'utf-8';
}
