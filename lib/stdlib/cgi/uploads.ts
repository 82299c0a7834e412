/** The uploads of one form that are too large for memory: temporary files, which go with the form or with the request. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RequestScope } from '../../current-request.js';
import type { PartBytes } from '../../environ/form/part-bytes.js';
import { type Disk, UploadFolder } from '../../environ/form/temporary-files.js';
import { andThen, ignore, isPromise, type Steps } from '../../environ/maybe-promise.js';
import type { MaybePromise } from '../../environ/types.js';
import { ValueError } from '../errors.js';
import { cutOf, integerOf, type Size, Stream, sizeOf, UnsupportedOperation } from '../io/stream.js';

/** All that has to be given back; it refers to no form, so that a form that was forgotten can be found. */
interface Held {
  readonly folder: UploadFolder;
  readonly descriptors: Set<number>;
}

/** Python removes a temporary file when nothing refers to it any more. */
const forgotten = new FinalizationRegistry<Held>((held) => {
  const removed = giveBack(held);
  if (isPromise(removed)) removed.then(undefined, ignore);
});

export class Uploads {
  readonly #held: Held;

  /** @param folder default: a fresh one in that of the system. @param input whose request, if it has one, ends them. */
  constructor(disk: Disk, folder: string | undefined, input: unknown) {
    this.#held = { folder: new UploadFolder(disk, folder, undefined), descriptors: new Set() };
    const held = this.#held;
    RequestScope.of(input)?.atEnd(() => giveBack(held));
    forgotten.register(this, held, held);
  }

  *store(bytes: PartBytes): Steps<TemporaryFile> {
    const stored = yield* this.#held.folder.store(bytes);
    if (!('path' in stored)) throw new TypeError('A folder gives paths');
    return new TemporaryFile(stored.path, this);
  }

  /** @internal */
  open(path: string): number {
    const descriptor = openSync(path, 'r');
    this.#held.descriptors.add(descriptor);
    return descriptor;
  }

  /** @internal */
  release(descriptor: number): void {
    if (this.#held.descriptors.delete(descriptor)) closeSync(descriptor);
  }

  /** Removes the files; may be called again. A promise where the form was read on the event loop. */
  close(): MaybePromise<void> {
    forgotten.unregister(this.#held);
    return giveBack(this.#held);
  }
}

function giveBack({ folder, descriptors }: Held): MaybePromise<void> {
  for (const descriptor of descriptors) closeSync(descriptor);
  descriptors.clear();
  return andThen(folder.close(), ignore);
}

const LF = 0x0a;
const LINE_SIZE = 8192;

/** An upload on disk, open for reading: what Python's `tempfile.TemporaryFile` gives. It reads synchronously. */
export class TemporaryFile extends Stream<Buffer> {
  /** Where it lies, until the form or the request is over. */
  readonly path: string;
  readonly #uploads: Uploads;
  #descriptor: number | undefined;

  /** @internal */
  constructor(path: string, uploads: Uploads) {
    super();
    this.path = path;
    this.#uploads = uploads;
  }

  read(size?: Size): Buffer {
    const wanted = Math.max(0, Math.min(sizeOf(size), fstatSync(this.fileno()).size - this.position));
    const bytes = this.#readAt(this.position, wanted);
    this.position += bytes.length;
    return bytes;
  }

  readline(size?: Size): Buffer {
    const most = sizeOf(size);
    const start = this.position;
    const pieces: Buffer[] = [];
    for (;;) {
      const piece = this.read(Math.min(LINE_SIZE, most - (this.position - start)));
      const found = piece.indexOf(LF);
      pieces.push(found === -1 ? piece : piece.subarray(0, found + 1));
      if (found !== -1) this.position -= piece.length - found - 1;
      if (found !== -1 || piece.length === 0) return Buffer.concat(pieces);
    }
  }

  /** @returns the new position. @throws ValueError where it would be negative, or for another `whence`. */
  seek(offset: number, whence = 0): number {
    const from = [0, this.position, fstatSync(this.fileno()).size][integerOf(whence)];
    if (from === undefined) throw new ValueError(`invalid whence (${whence}, should be 0, 1 or 2)`);
    this.position = cutOf(from + integerOf(offset), 0);
    return this.position;
  }

  /** @throws UnsupportedOperation always: a file that a client sent is there to be read. */
  write(): never {
    throw new UnsupportedOperation('not writable');
  }

  override writable(): boolean {
    return !this.readable();
  }

  override fileno(): number {
    this.checkOpen();
    this.#descriptor ??= this.#uploads.open(this.path);
    return this.#descriptor;
  }

  override close(): void {
    super.close();
    if (this.#descriptor !== undefined) this.#uploads.release(this.#descriptor);
    this.#descriptor = undefined;
  }

  #readAt(position: number, wanted: number): Buffer {
    const descriptor = this.fileno();
    const bytes = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const count = readSync(descriptor, bytes, filled, wanted - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }
}
