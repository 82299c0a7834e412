/** Where the files of a form go while it is read: temporary files, or the caller's `onFile`. */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { finished, Readable } from 'node:stream';
import type { FilePart } from './form-file.js';
import type { FileContent, FileInfo } from './form-file-facts.js';
import type { PartBytes } from './form-part-bytes.js';
import { ownFolderPrefix, UPLOAD_FLAGS, UPLOAD_MODE, uploadPath } from './upload-path.js';

export type OnFile = (part: FilePart) => unknown;

/** Writes files to a folder, and removes them. */
export class UploadFolder {
  /** Undefined: a fresh folder of its own, made for the first file. */
  readonly #given: string | undefined;
  #own: string | undefined;
  #paths: string[] = [];

  constructor(folder: string | undefined) {
    this.#given = folder;
  }

  async store(bytes: PartBytes): Promise<FileContent> {
    const path = uploadPath(this.#given ?? (await this.#ownFolder()));
    const handle = await open(path, UPLOAD_FLAGS, UPLOAD_MODE);
    this.#paths.push(path);
    try {
      for await (const block of bytes) await writeAll(handle, block);
    } finally {
      await handle.close();
    }
    return { size: bytes.size, path };
  }

  /** What the application moved elsewhere stays there. */
  async close(): Promise<void> {
    const paths = this.#paths;
    const own = this.#own;
    this.#paths = [];
    this.#own = undefined;
    for (const path of paths) await rm(path, { force: true });
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }

  async #ownFolder(): Promise<string> {
    this.#own ??= await mkdtemp(ownFolderPrefix());
    return this.#own;
  }
}

async function writeAll(handle: FileHandle, block: Buffer): Promise<void> {
  for (let done = 0; done < block.length; ) done += (await handle.write(block, done)).bytesWritten;
}

/**
 * Gives a file to the caller's function and waits until both are done: the function with its work, the stream with
 * its bytes. What nobody reads is thrown away.
 */
export async function callOnFile(onFile: OnFile, info: FileInfo, bytes: PartBytes): Promise<FileContent> {
  const stream = Readable.from(bytes, { objectMode: false });
  // Who does not listen misses the error here, but parseForm() rejects with it.
  stream.on('error', streamOnError);
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

function streamOnError(): void {}
