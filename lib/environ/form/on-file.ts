/** `onFile`: the caller's function takes the bytes of each file, as a stream, or in a worker thread blocking. */
import { finished, Readable } from 'node:stream';
import { READ_SIZE } from '../input/byte-queue.js';
import { checkSize } from '../input/input.js';
import { ignore, isPromise, now } from '../maybe-promise.js';
import type { BlockingFilePart, BlockingFileStream, FileContent, FileInfo, FilePart } from './file.js';
import type { PartBytes } from './part-bytes.js';

/**
 * Waits until both are done: the function with its work, the stream with its bytes. What the function does not read is
 * thrown away.
 */
export async function callOnFile(
  onFile: (part: FilePart) => unknown,
  info: FileInfo,
  bytes: PartBytes,
): Promise<FileContent> {
  const stream = Readable.from(bytes, { objectMode: false });
  // A function that does not listen misses the error here, but parseForm() rejects with it.
  stream.on('error', ignore);
  const value = await new Promise<unknown>((resolve, reject) => {
    bytes.whenFailed((error) => {
      stream.destroy(error instanceof Error ? error : undefined);
      // Without this a function that never settles would keep the form from failing.
      reject(error);
    });
    Promise.resolve(onFile({ ...info, stream })).then(resolve, reject);
  });
  if (stream.listenerCount('data') === 0 && stream.listenerCount('readable') === 0) stream.destroy();
  await new Promise<void>((resolve) => void finished(stream, () => resolve()));
  await bytes.drain();
  return { size: bytes.size, value };
}

/**
 * The same in a worker thread.
 * @throws TypeError if the function returns a promise: what it waits for cannot come before the form is read.
 */
export function callBlockingOnFile(
  onFile: (part: BlockingFilePart) => unknown,
  info: FileInfo,
  bytes: PartBytes,
): FileContent {
  const stream = new PartStream(bytes);
  let value: unknown;
  try {
    value = onFile({ ...info, stream });
  } finally {
    stream.finish();
  }
  if (isPromise(value)) {
    // Should it reject as well, this is the error to be told.
    value.then(undefined, ignore);
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
