/** A file that came with a form: what is known of it, and its bytes, on the event loop or in a thread that blocks. */
import {
  closeSync,
  copyFileSync,
  createReadStream,
  fstatSync,
  openSync,
  type ReadStream,
  readFileSync,
  readSync,
} from 'node:fs';
import { copyFile, type FileHandle, open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { READ_SIZE } from '../input/byte-queue.js';
import { checkSize } from '../input/input.js';

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

/** What `onFile` is called with in a worker thread. */
export interface BlockingFilePart extends FileInfo {
  /**
   * Reads on in `wsgi.input` as it is read. Throws if the form turns out to be malformed, cut short or too large, and
   * once `onFile` has returned.
   */
  readonly stream: BlockingFileStream;
}

/** Bytes that are read by size, as Python's binary files, or iterated in blocks of no certain size. */
export interface BlockingFileStream extends Iterable<Buffer> {
  /** Up to `size` bytes; all that remain when `size` is left out, null or negative. Empty at the end. */
  read(size?: number | null): Buffer;
}

/** Where the bytes of a file went. */
export type FileContent =
  | { readonly size: number; readonly path: string }
  | { readonly size: number; readonly value: unknown };

class StoredFile implements FileInfo {
  readonly name: string;
  readonly filename: string;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** The temporary file, which `form.close()` or the end of the request removes; undefined if `onFile` took the bytes. */
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

  /** The temporary file. @throws TypeError if there is none. */
  protected storedPath(): string {
    if (this.path === undefined) throw new TypeError('onFile took the bytes of this file: use its value');
    return this.path;
  }
}

export class FormFile extends StoredFile {
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

/** As `FormFile`, in a worker thread: every call blocks until it is done. */
export class BlockingFormFile extends StoredFile {
  /** Opens it for reading, with a position of its own; the caller closes it, or says `using`. */
  open(): OpenedFile {
    return new OpenedFile(this.storedPath());
  }

  /** Its bytes in blocks of up to 64 KiB; the file is open while they are iterated. */
  stream(): Generator<Buffer, void, undefined> {
    return blocksOf(this.storedPath());
  }

  bytes(): Buffer {
    return readFileSync(this.storedPath());
  }

  text(): string {
    return readFileSync(this.storedPath(), 'utf8');
  }

  save(path: string): void {
    copyFileSync(this.storedPath(), path);
  }
}

/** A file that is open for reading, for `wsgi.file_wrapper` too. */
export class OpenedFile implements BlockingFileStream, Disposable {
  #fd: number | undefined;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  /** The descriptor, for `node:fs`. @throws TypeError once it is closed. */
  get fd(): number {
    if (this.#fd === undefined) throw new TypeError('This file is closed');
    return this.#fd;
  }

  read(size?: number | null): Buffer {
    const { fd } = this;
    // Never more memory than there is to read.
    const wanted = Math.min(checkSize('read', size, 'file'), fstatSync(fd).size);
    const buffer = Buffer.allocUnsafeSlow(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(fd, buffer, filled, wanted - filled, null);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (;;) {
      const block = this.read(READ_SIZE);
      if (block.length === 0) return;
      yield block;
    }
  }

  /** May be called again. */
  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function* blocksOf(path: string): Generator<Buffer, void, undefined> {
  const file = new OpenedFile(path);
  try {
    yield* file;
  } finally {
    file.close();
  }
}
