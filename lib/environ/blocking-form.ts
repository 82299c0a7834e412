/** `parseForm(environ)` in a worker thread: it blocks until the form is read. */
import { type BlockingFilePart, BlockingFormFile } from './blocking-form-file.js';
import { BlockingMultipartReader, type BlockingTakeFile, checkBytes } from './blocking-form-multipart.js';
import { type BlockingOnFile, BlockingUploadFolder, callOnFile } from './blocking-form-upload.js';
import { type FormLimits, FormMeter } from './form-limits.js';
import { checkOptions, type FormOptionsOf, formKind, READ_SIZE } from './form-request.js';
import { UrlencodedParser } from './form-urlencoded.js';
import { FormValues } from './form-values.js';
import { RequestEnd } from './request-end.js';
import type { BlockingEnviron } from './types.js';

/** `onFile` reads its part synchronously, and must be done when it returns. */
export type BlockingFormOptions = FormOptionsOf<BlockingFilePart>;

/** What `parseForm` needs of environ. */
export type BlockingFormEnviron = Pick<BlockingEnviron, 'wsgi.input' | 'CONTENT_TYPE' | 'node.nonblocking'>;

/** As `Form`, read in a worker thread: close it, or say `using`. */
export class BlockingForm implements Disposable {
  readonly fields: FormValues<string> = new FormValues<string>();
  readonly files: FormValues<BlockingFormFile> = new FormValues<BlockingFormFile>();
  readonly #folder: BlockingUploadFolder;

  /** @internal */
  constructor(folder: BlockingUploadFolder) {
    this.#folder = folder;
  }

  /** Removes the temporary files; may be called again. */
  close(): void {
    this.#folder.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What `parseForm` does where it blocks; the same errors. */
export function parseBlockingForm(environ: BlockingFormEnviron, options: BlockingFormOptions): BlockingForm {
  const limits = checkOptions(options);
  const folder = new BlockingUploadFolder(options.uploadDir, RequestEnd.of(environ['wsgi.input']));
  const form = new BlockingForm(folder);
  try {
    readForm(environ, limits, form, takeFile(form, folder, options.onFile));
  } catch (error) {
    try {
      form.close();
    } catch {
      // What went wrong first is what the caller needs to know.
    }
    throw error;
  }
  return form;
}

function readForm(
  environ: BlockingFormEnviron,
  limits: FormLimits,
  form: BlockingForm,
  take: BlockingTakeFile,
): void {
  const input = environ['wsgi.input'];
  const meter = new FormMeter(limits);
  const type = formKind(environ.CONTENT_TYPE);
  if (type.kind === 'multipart') {
    new BlockingMultipartReader(input, type.contentType, limits, meter, form.fields, take).run();
  } else if (type.kind === 'urlencoded') {
    const parser = new UrlencodedParser(type.charset, limits, meter, form.fields);
    for (;;) {
      const chunk = checkBytes(input.read(READ_SIZE));
      if (chunk.length === 0) break;
      parser.write(chunk);
    }
    parser.end();
  }
}

function takeFile(
  form: BlockingForm,
  folder: BlockingUploadFolder,
  onFile: BlockingOnFile | undefined,
): BlockingTakeFile {
  return (info, bytes) => {
    const content = onFile === undefined ? folder.store(bytes) : callOnFile(onFile, info, bytes);
    form.files.append(info.name, new BlockingFormFile(info, content));
  };
}
