/** Where the files of a form go while it is read: temporary files, or the caller's `onFile`. */
import { mkdtempSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { finished, Readable } from 'node:stream';
import type { RequestEnd } from '../request-end.js';
import type { FilePart } from './file.js';
import type { FileContent, FileInfo } from './file-facts.js';
import type { PartBytes } from './part-bytes.js';
import { forget, ownFolderPrefix, remember, removePath } from './temporary-files.js';
import { UPLOAD_FLAGS, UPLOAD_MODE, uploadPath } from './upload-path.js';

export type OnFile = (part: FilePart) => unknown;

/** Writes files to a folder, and removes them: when it is told to, with the request, or with the process. */
export class UploadFolder {
  /** Undefined: a fresh folder of its own, made for the first file. */
  readonly #given: string | undefined;
  readonly #end: RequestEnd | undefined;
  #own: string | undefined;
  #paths: string[] = [];
  /** Being removed. */
  #closing: string[] = [];

  /** @param end of the request; undefined: nobody tells it. */
  constructor(folder: string | undefined, end: RequestEnd | undefined) {
    this.#given = folder;
    this.#end = end;
  }

  async store(bytes: PartBytes): Promise<FileContent> {
    if (this.#paths.length === 0) this.#keep();
    // At once: at the end of the process nobody waits for what is under way.
    const path = uploadPath(this.#given ?? this.#ownFolder());
    this.#paths.push(path);
    const handle = await open(path, UPLOAD_FLAGS, UPLOAD_MODE);
    try {
      for await (const block of bytes) await writeAll(handle, block);
    } finally {
      await handle.close();
    }
    return { size: bytes.size, path };
  }

  /** What the application moved elsewhere stays there. */
  async close(): Promise<void> {
    const all = this.#paths;
    if (this.#own !== undefined) all.push(this.#own);
    this.#paths = [];
    this.#own = undefined;
    this.#closing.push(...all);
    for (const path of all) await rm(path, { recursive: true, force: true });
    this.#closing = this.#closing.filter((path) => !all.includes(path));
    if (this.#closing.length === 0 && this.#paths.length === 0) forget(this);
  }

  /** At the end of the process. */
  remove(): void {
    for (const path of [...this.#closing, ...this.#paths, this.#own])
      if (path !== undefined) removePath(path);
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
