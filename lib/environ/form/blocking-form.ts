/** `parseForm(environ)` in a worker thread: it blocks until the form is read. */

import { now } from '../maybe-promise.js';
import { RequestEnd } from '../request-end.js';
import type { BlockingEnviron } from '../types.js';
import { type BlockingFilePart, BlockingFormFile } from './blocking-file.js';
import { BlockingUploadFolder, callOnFile } from './blocking-upload.js';
import { readForm } from './multipart.js';
import { checkOptions, type FormOptionsOf } from './request.js';
import { FormValues } from './values.js';

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
    const read = readForm(environ, limits, form.fields, (info, bytes) => {
      const { onFile } = options;
      const content = onFile === undefined ? folder.store(bytes) : callOnFile(onFile, info, bytes);
      form.files.append(info.name, new BlockingFormFile(info, content));
    });
    now(read);
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
