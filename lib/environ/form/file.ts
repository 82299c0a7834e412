/** A file that came with a form, on the event loop. */
import { createReadStream, type ReadStream } from 'node:fs';
import { copyFile, type FileHandle, open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type FileInfo, FormFileFacts } from './file-facts.js';

/** What `onFile` is called with. */
export interface FilePart extends FileInfo {
  /** Fails if the form turns out to be malformed, cut short or too large. */
  readonly stream: Readable;
}

export class FormFile extends FormFileFacts {
  /** Opens it for reading; the caller closes it. */
  async open(): Promise<FileHandle> {
    return open(this.storedPath());
  }

  stream(): ReadStream {
    return createReadStream(this.storedPath());
  }

  async bytes(): Promise<Buffer> {
    return readFile(this.storedPath());
  }

  /** Its bytes as UTF-8. */
  async text(): Promise<string> {
    return readFile(this.storedPath(), 'utf8');
  }

  /** Copies it to where it stays; werkzeug's `FileStorage.save`. A file that is there is replaced. */
  async save(path: string): Promise<void> {
    await copyFile(this.storedPath(), path);
  }
}
