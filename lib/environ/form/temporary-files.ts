/** Temporary files of forms: written, and removed with the form, the request, the thread or the process. */
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads';
import type { RequestScope } from '../../current-request.js';
import { READ_SIZE } from '../input/byte-queue.js';
import { runSteps, type Steps, step } from '../maybe-promise.js';
import type { MaybePromise } from '../types.js';
import type { FileContent } from './file.js';
import type { PartBytes } from './part-bytes.js';

/** What a folder does with files: without a promise where handlers block. */
export interface Disk<File = unknown> {
  create(path: string): MaybePromise<File>;
  write(file: File, block: Buffer): MaybePromise<void>;
  close(file: File): MaybePromise<void>;
  remove(path: string): MaybePromise<void>;
}

/** Never through a link that was put there. */
const FLAGS = 'wx';
/** For this user only. */
const MODE = 0o600;
const ALL = { recursive: true, force: true };

export const DISK: Disk<FileHandle> = {
  create: (path) => open(path, FLAGS, MODE),
  write: (file, block) => file.writeFile(block),
  close: (file) => file.close(),
  remove: (path) => rm(path, ALL),
};

export const BLOCKING_DISK: Disk<number> = {
  create: (path) => openSync(path, FLAGS, MODE),
  write: writeFileSync,
  close: closeSync,
  remove: (path) => rmSync(path, ALL),
};

/** The files of one form. */
export class UploadFolder {
  readonly #disk: Disk;
  readonly #given: string | undefined;
  readonly #request: RequestScope | undefined;
  #own: string | undefined;
  /** To be removed: files in the given folder, or the own folder with all that it holds. */
  readonly #paths = new Set<string>();

  /**
   * @param folder undefined: a fresh one of its own, made for the first file.
   * @param request that the files end with, if it is known.
   */
  constructor(disk: Disk, folder: string | undefined, request: RequestScope | undefined) {
    this.#disk = disk;
    this.#given = folder;
    this.#request = request;
  }

  *store(bytes: PartBytes): Steps<FileContent> {
    if (this.#paths.size === 0) {
      remember(this);
      this.#request?.atEnd(() => this.close());
    }
    const path = join(this.#given ?? this.#ownFolder(), `upload-${crypto.randomUUID()}`);
    // Known before it is there: the end of the process does not wait for what is under way.
    if (this.#given !== undefined) this.#paths.add(path);
    const file = yield* step(this.#disk.create(path));
    try {
      for (;;) {
        const block = yield* step(bytes.read1(READ_SIZE));
        if (block.length === 0) break;
        yield* step(this.#disk.write(file, block));
      }
    } finally {
      yield* step(this.#disk.close(file));
    }
    return { size: bytes.size, path };
  }

  /** What the application moved elsewhere stays there. May be called again. */
  close(): MaybePromise<void> {
    return runSteps(this.#close());
  }

  *#close(): Steps<void> {
    this.#own = undefined;
    for (const path of [...this.#paths]) {
      yield* step(this.#disk.remove(path));
      this.#paths.delete(path);
    }
    if (this.#paths.size === 0) forget(this);
  }

  /** At the end of the process or the thread, which waits for nothing. */
  remove(): void {
    for (const path of this.#paths) removePath(path);
  }

  #ownFolder(): string {
    if (this.#own === undefined) {
      this.#own = mkdtempSync(join(tmpdir(), `${prefix()}${threadId}-`));
      this.#paths.add(this.#own);
    }
    return this.#own;
  }
}

/** Those that have files. */
const folders = new Set<UploadFolder>();

function remember(folder: UploadFolder): void {
  if (folders.size === 0) process.on('exit', removeAll);
  folders.add(folder);
}

function forget(folder: UploadFolder): void {
  if (folders.delete(folder) && folders.size === 0) process.removeListener('exit', removeAll);
}

function removeAll(): void {
  for (const folder of folders) folder.remove();
}

const KEY = 'wsgi.form_folders';

let name: string | undefined;

/**
 * What the names of folders start with, the same in all threads. Not the number of the process: the folder of the system
 * may be shared with containers, where others have that number. (So what a killed process left is not removed either: it
 * cannot be told from what belongs to one that runs.)
 */
function prefix(): string {
  name ??= getEnvironmentData(KEY) as string | undefined;
  if (name === undefined) {
    name = process.getBuiltinModule('node:crypto').randomBytes(8).toString('hex');
    if (isMainThread) setEnvironmentData(KEY, name);
  }
  return `wsgi-form-${name}-`;
}

let watching = false;

/**
 * To be called before a thread is started: one that is ended by force removes nothing.
 * @returns what is to be called with the thread's id when it has ended.
 */
export function watchThreads(): (thread: number) => void {
  const start = prefix();
  // One that cannot be ended is still there at the end of the process.
  if (!watching) process.on('exit', () => removeFolders(start));
  watching = true;
  return (thread) => removeFolders(`${start}${thread}-`);
}

function removeFolders(start: string): void {
  const folder = tmpdir();
  attempt(() => {
    for (const one of readdirSync(folder)) if (one.startsWith(start)) removePath(join(folder, one));
  });
}

/** @param path of a file, or a folder in which a file may be made while it is removed. */
function removePath(path: string): void {
  attempt(() => rmSync(path, { ...ALL, maxRetries: 3, retryDelay: 10 }));
}

/** At the end an error can be told to no one, and there may be more to remove. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {}
}
