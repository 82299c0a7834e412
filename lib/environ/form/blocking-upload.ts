/** Where the files of a form go in a worker thread: temporary files, or the caller's `onFile`. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { checkSize } from '../input/input.js';
import { isPromise, now } from '../maybe-promise.js';
import type { RequestEnd } from '../request-end.js';
import type { BlockingFilePart, BlockingFileStream } from './blocking-file.js';
import type { FileContent, FileInfo } from './file-facts.js';
import type { PartBytes } from './part-bytes.js';
import { READ_SIZE } from './request.js';
import { forget, ownFolderPrefix, remember } from './temporary-files.js';
import { UPLOAD_FLAGS, UPLOAD_MODE, uploadPath } from './upload-path.js';

export type BlockingOnFile = (part: BlockingFilePart) => unknown;

/** Writes files to a folder, and removes them: when it is told to, with the request, or with the thread. */
export class BlockingUploadFolder {
  /** Undefined: a fresh folder of its own, made for the first file. */
  readonly #given: string | undefined;
  readonly #end: RequestEnd | undefined;
  #own: string | undefined;
  #paths: string[] = [];

  /** @param end of the request; undefined: nobody tells it. */
  constructor(folder: string | undefined, end: RequestEnd | undefined) {
    this.#given = folder;
    this.#end = end;
  }

  store(bytes: PartBytes): FileContent {
    if (this.#paths.length === 0) this.#keep();
    const path = uploadPath(this.#given ?? this.#ownFolder());
    this.#paths.push(path);
    const fd = openSync(path, UPLOAD_FLAGS, UPLOAD_MODE);
    try {
      for (;;) {
        const block = now(bytes.read1(READ_SIZE));
        if (block.length === 0) break;
        for (let done = 0; done < block.length; ) done += writeSync(fd, block, done);
      }
    } finally {
      closeSync(fd);
    }
    return { size: bytes.size, path };
  }

  /** What the application moved elsewhere stays there. */
  close(): void {
    const paths = this.#paths;
    const own = this.#own;
    this.#paths = [];
    this.#own = undefined;
    forget(this);
    for (const path of paths) rmSync(path, { force: true });
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }

  /** At the end of the thread. */
  remove(): void {
    this.close();
  }

  #keep(): void {
    remember(this);
    this.#end?.add(() => this.close());
  }

  #ownFolder(): string {
    this.#own ??= mkdtempSync(ownFolderPrefix());
    return this.#own;
  }
}

/**
 * Gives a file to the caller's function. What that does not read is thrown away.
 * @throws TypeError if it returns a promise: what it waits for cannot come before the form is read.
 */
export function callOnFile(onFile: BlockingOnFile, info: FileInfo, bytes: PartBytes): FileContent {
  const stream = new PartStream(bytes);
  let value: unknown;
  try {
    value = onFile({ ...info, stream });
  } finally {
    stream.finish();
  }
  if (isPromise(value)) {
    // Whatever becomes of it, this is the error to be told.
    value.then(undefined, () => undefined);
    throw new TypeError('onFile returned a promise: in a worker thread it has to be done when it returns');
  }
  now(bytes.drain());
  return { size: bytes.size, value };
}

/** What `onFile` reads, and only while it runs. */
class PartStream implements BlockingFileStream {
  #bytes: PartBytes | undefined;

  constructor(bytes: PartBytes) {
    this.#bytes = bytes;
  }

  read(size?: number | null): Buffer {
    return now(this.#open().read(checkSize('read', size, 'stream')));
  }

  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (;;) {
      const block = now(this.#open().read1(READ_SIZE));
      if (block.length === 0) return;
      yield block;
    }
  }

  finish(): void {
    this.#bytes = undefined;
  }

  #open(): PartBytes {
    if (this.#bytes === undefined) {
      throw new TypeError('onFile has returned: what it did not read of this file was thrown away');
    }
    return this.#bytes;
  }
}
