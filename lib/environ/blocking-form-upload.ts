/** Where the files of a form go in a worker thread: temporary files, or the caller's `onFile`. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BlockingFilePart, BlockingFileStream } from './blocking-form-file.js';
import { ByteQueue } from './byte-queue.js';
import type { FileContent, FileInfo } from './form-file-facts.js';
import { READ_SIZE } from './form-request.js';
import { checkSize } from './input.js';
import { forget, ownFolderPrefix, remember } from './open-folders.js';
import type { RequestEnd } from './request-end.js';
import { UPLOAD_FLAGS, UPLOAD_MODE, uploadPath } from './upload-path.js';

export type BlockingOnFile = (part: BlockingFilePart) => unknown;

/** The bytes of one file, taken from the parser as it finds them; who reads more than came makes it go on. */
export class BlockingPartBytes {
  /** Of all that came. */
  size = 0;
  readonly #queue = new ByteQueue();
  readonly #feed: () => void;
  #ended = false;

  /**
   * @param stream busboy's. A Readable gets its bytes, and its end, from `push()` and in no other way, so they are
   * taken there: what the stream itself would do with them (buffer, 'data', 'end') needs turns of the event loop.
   * @param feed gives the parser more of the body, or throws.
   */
  constructor(stream: Readable, feed: () => void) {
    stream.push = (chunk: Buffer | null) => this.#take(chunk);
    this.#feed = feed;
  }

  /** Up to `count` bytes, fewer at the end. */
  read(count: number): Buffer {
    while (this.#queue.length < count && !this.#ended) this.#feed();
    return this.#queue.take(count);
  }

  /** What came, up to `count` bytes; asks for more only while there is nothing. Empty at the end. */
  read1(count: number): Buffer {
    return this.isEmpty() ? Buffer.alloc(0) : this.#queue.take(count);
  }

  /** Looks for the next byte, which stays here. */
  isEmpty(): boolean {
    while (this.#queue.length === 0 && !this.#ended) this.#feed();
    return this.#queue.length === 0;
  }

  drain(): void {
    this.#queue.clear();
    while (!this.#ended) {
      this.#feed();
      this.#queue.clear();
    }
  }

  /** True: busboy may go on. It waits after false, and its block is in memory anyway. */
  #take(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.#ended = true;
      return false;
    }
    this.size += chunk.length;
    this.#queue.push(chunk);
    return true;
  }
}

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

  store(bytes: BlockingPartBytes): FileContent {
    if (this.#paths.length === 0) this.#keep();
    const path = uploadPath(this.#given ?? this.#ownFolder());
    this.#paths.push(path);
    const fd = openSync(path, UPLOAD_FLAGS, UPLOAD_MODE);
    try {
      for (;;) {
        const block = bytes.read1(READ_SIZE);
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
export function callOnFile(onFile: BlockingOnFile, info: FileInfo, bytes: BlockingPartBytes): FileContent {
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
  bytes.drain();
  return { size: bytes.size, value };
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** What `onFile` reads, and only while it runs. */
class PartStream implements BlockingFileStream {
  #bytes: BlockingPartBytes | undefined;

  constructor(bytes: BlockingPartBytes) {
    this.#bytes = bytes;
  }

  read(size?: number | null): Buffer {
    return this.#open().read(checkSize('read', size, 'stream'));
  }

  *[Symbol.iterator](): Generator<Buffer, void, undefined> {
    for (;;) {
      const block = this.#open().read1(READ_SIZE);
      if (block.length === 0) return;
      yield block;
    }
  }

  finish(): void {
    this.#bytes = undefined;
  }

  #open(): BlockingPartBytes {
    if (this.#bytes === undefined) {
      throw new TypeError('onFile has returned: what it did not read of this file was thrown away');
    }
    return this.#bytes;
  }
}
