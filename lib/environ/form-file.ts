/** A file that came with a form. */
import { createReadStream, type ReadStream } from 'node:fs';
import { copyFile, type FileHandle, open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

/** What is known of a file before its bytes. */
export interface FileInfo {
  /** Of the field. */
  readonly name: string;
  /**
   * As the client sent it, without a path (RFC 7578 section 4.2); `''` if it sent none. It is the client's word:
   * never open a file of that name.
   */
  readonly filename: string;
  /** The media type that the client says it is, without parameters. */
  readonly contentType: string;
}

/** What `onFile` is called with. */
export interface FilePart extends FileInfo {
  /** Fails if the form turns out to be malformed, cut short or too large. */
  readonly stream: Readable;
}

/** Where its bytes went. */
export type FileContent =
  | { readonly size: number; readonly path: string }
  | { readonly size: number; readonly value: unknown };

export class FormFile implements FileInfo {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** The temporary file, which `form.close()` removes; undefined if `onFile` took the bytes. */
  readonly path: string | undefined;
  /** What `onFile` returned. */
  readonly value: unknown;

  constructor(info: FileInfo, content: FileContent) {
    this.name = info.name;
    this.filename = info.filename;
    this.contentType = info.contentType;
    this.size = content.size;
    this.path = 'path' in content ? content.path : undefined;
    this.value = 'value' in content ? content.value : undefined;
  }

  /** Opens it for reading; the caller closes it. */
  async open(): Promise<FileHandle> {
    return open(this.#path());
  }

  stream(): ReadStream {
    return createReadStream(this.#path());
  }

  async bytes(): Promise<Buffer> {
    return readFile(this.#path());
  }

  /** Its bytes as UTF-8. */
  async text(): Promise<string> {
    return readFile(this.#path(), 'utf8');
  }

  /** Copies it to where it stays; werkzeug's `FileStorage.save`. A file that is there is replaced. */
  async save(path: string): Promise<void> {
    await copyFile(this.#path(), path);
  }

  #path(): string {
    if (this.path === undefined) throw new TypeError('onFile took the bytes of this file: use its value');
    return this.path;
  }
}
