/** A file that came with a form, in a worker thread: every call blocks until it is done. */
import { closeSync, copyFileSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { checkSize } from '../input/input.js';
import { type FileInfo, FormFileFacts } from './file-facts.js';
import { READ_SIZE } from './request.js';

/** Bytes that are read by size, as Python's binary files, or iterated in blocks of no certain size. */
export interface BlockingFileStream extends Iterable<Buffer> {
  /** Up to `size` bytes; all that remain when `size` is left out, null or negative. Empty at the end. */
  read(size?: number | null): Buffer;
}

/** What `onFile` is called with. */
export interface BlockingFilePart extends FileInfo {
  /**
   * Reads on in `wsgi.input` as it is read. Throws if the form turns out to be malformed, cut short or too large, and
   * once `onFile` has returned.
   */
  readonly stream: BlockingFileStream;
}

export class BlockingFormFile extends FormFileFacts {
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

  /** Its bytes as UTF-8. */
  text(): string {
    return readFileSync(this.storedPath(), 'utf8');
  }

  /** Copies it to where it stays; werkzeug's `FileStorage.save`. A file that is there is replaced. */
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
    // No more memory than there is to read, whatever was asked for.
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
