/** What can be given to `wsgi.file_wrapper`, each read and closed in its own way. */
import { fstatSync, ReadStream, readFileSync, type Stats, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { finished, Readable } from 'node:stream';
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { ignore } from '../maybe-promise.js';
import type { Bytes, FileLike, MaybePromise } from '../types.js';

export interface FileSource {
  /** True if `read` always returns a promise. */
  readonly asynchronous: boolean;
  /** The next bytes; null or empty at the end. */
  read(size: number): MaybePromise<Bytes | null>;
  /** Undefined if what was given cannot be closed. */
  readonly close: (() => unknown) | undefined;
  /** How many bytes follow, if that is sure and known at once. */
  remaining(): number | undefined;
}

/** @throws TypeError if `file` cannot be read. */
export function fileSource(file: unknown): FileSource {
  if (isFileHandle(file)) return handleSource(file);
  // Before `read` is looked for: a stream has one too, and there null means "not yet", not "the end".
  if (file instanceof Readable) return new StreamSource(file);
  if (isFileLike(file)) return likeSource(file);
  throw new TypeError(
    'wsgi.file_wrapper() takes an object with a method read(size) that returns bytes, a FileHandle of ' +
      `node:fs/promises or a readable stream, not ${inspect(file, { depth: 0 })}`,
  );
}

function isFileHandle(file: unknown): file is FileHandle {
  const { fd, stat, read } = Object(file) as Record<string, unknown>;
  return typeof fd === 'number' && typeof stat === 'function' && typeof read === 'function';
}

function isFileLike(file: unknown): file is FileLike {
  return typeof (Object(file) as Record<string, unknown>)['read'] === 'function';
}

function likeSource(file: FileLike): FileSource {
  return {
    asynchronous: false,
    read: (size) => file.read(size),
    close: typeof file.close === 'function' ? () => file.close?.() : undefined,
    remaining: () => undefined,
  };
}

/** Reads from the handle's current position, which moves on. */
function handleSource(handle: FileHandle): FileSource {
  return {
    asynchronous: true,
    async read(size) {
      const buffer = Buffer.allocUnsafeSlow(size);
      const { bytesRead } = await handle.read(buffer, 0, size, null);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
    remaining: () =>
      bytesBetween(
        () => fstatSync(handle.fd),
        () => positionOf(handle.fd),
      ),
  };
}

class StreamSource implements FileSource {
  readonly asynchronous = true;
  readonly #stream: Readable;
  #iterator: AsyncIterator<unknown> | undefined;
  /** What came and was more than asked for. */
  #rest: Buffer | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
    // A file that cannot be opened says so in an event, which without a listener ends the process. read() tells it.
    stream.on('error', ignore);
  }

  async read(size: number): Promise<Bytes | null> {
    const chunk = this.#rest ?? (await this.#chunk());
    this.#rest = undefined;
    // Not bytes: the wrapper says so.
    if (!isUint8Array(chunk) || chunk.length <= size) return chunk as Bytes | null;
    this.#rest = chunk.subarray(size) as Buffer;
    return chunk.subarray(0, size);
  }

  readonly close = (): Promise<void> => {
    this.#stream.destroy();
    return new Promise((resolve) => void finished(this.#stream, () => resolve()));
  };

  remaining(): number | undefined {
    const stream = this.#stream;
    // Text is counted in characters.
    if (!(stream instanceof ReadStream) || stream.readableEncoding !== null || stream.destroyed)
      return undefined;
    const left = bytesBetween(
      () => statOf(stream),
      () => streamPosition(stream),
      (stream as { end?: number }).end,
    );
    return left === undefined ? undefined : left + stream.readableLength + (this.#rest?.length ?? 0);
  }

  async #chunk(): Promise<unknown> {
    this.#iterator ??= this.#stream[Symbol.asyncIterator]() as AsyncIterator<unknown>;
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) return null;
      // An empty block in the middle of a stream is not its end.
      if (!isUint8Array(value) || value.length > 0) return value;
    }
  }
}

/** A ReadStream has no descriptor until its file is open, which comes a moment after it was made. */
function statOf(stream: ReadStream): Stats {
  const { fd } = stream as { fd?: number | null };
  return typeof fd === 'number' ? fstatSync(fd) : statSync(stream.path);
}

/** Where the next read of the file happens. */
function streamPosition(stream: ReadStream): number | undefined {
  const { fd, start } = stream as { fd?: number | null; start?: number };
  if (start !== undefined) return start + stream.bytesRead;
  if (typeof fd !== 'number') return 0;
  // The descriptor's own position, unless a read that is under way may have moved it.
  const untouched = stream.readableFlowing === null && stream.listenerCount('readable') === 0;
  return untouched && stream.bytesRead === 0 ? positionOf(fd) : undefined;
}

/** Linux tells the position of a descriptor (proc(5), /proc/pid/fdinfo); Node has no lseek. */
function positionOf(fd: number): number | undefined {
  const found = /^pos:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'));
  return found === null ? undefined : Number(found[1]);
}

/** Bytes of a regular file from a position to its end, or through the byte `last` of it. */
function bytesBetween(stat: () => Stats, position: () => number | undefined, last = Infinity) {
  try {
    const stats = stat();
    // Files of procfs say that they are empty, and are not.
    if (!stats.isFile() || stats.size === 0) return undefined;
    const from = position();
    return from === undefined ? undefined : Math.max(0, Math.min(stats.size, last + 1) - from);
  } catch {
    // No /proc, or no such file any more: unknown.
    return undefined;
  }
}
