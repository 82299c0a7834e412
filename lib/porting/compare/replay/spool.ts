/** What a pass has seen, in a file until it is compared: a comparison takes the same memory whatever the size of the archive. */
import { closeSync, mkdtempSync, openSync, read, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { StoredBody } from '../../exchange.js';

const readAt = promisify(read);
const BLOCK = 64 * 1024;

interface OpenFile {
  readonly descriptor: number;
  isOpen: boolean;
}

/** Offset and size in the file. */
type Extent = [offset: number, size: number];

/** A list of records, written and read by their number. Bodies in them are read block by block. */
export class Spool<T> {
  readonly #folder: string;
  readonly #file: OpenFile;
  /** On systems that can, the file has no name from the start: nothing is left, however the process ends. */
  readonly #named: boolean;
  #end = 0;
  readonly #records: Extent[] = [];

  /** In the folder for temporary files (`TMPDIR`). @throws Error of the file system. */
  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'wsgi-compare-'));
    this.#file = { descriptor: openSync(join(this.#folder, 'spool'), 'w+', 0o600), isOpen: true };
    this.#named = process.platform === 'win32';
    if (!this.#named) rmSync(this.#folder, { recursive: true });
  }

  /** A body that is written as it comes. */
  body(): BodyWriter {
    return new BodyWriter(this.#file, (block) => this.#append(block));
  }

  /** Copies a body into the file. */
  async keep(body: StoredBody): Promise<StoredBody> {
    const writer = this.body();
    for await (const block of body.read()) writer.write(block);
    return new SpooledBody(this.#file, writer.end(body.cut).extents, body.cut, body.missing);
  }

  /** @param record of plain data, dates, Buffers, and bodies of this spool. @param number from 0. Default: the next. */
  put(record: T, number = this.#records.length): void {
    this.#records[number] = this.#append(Buffer.from(JSON.stringify(pack(record))));
  }

  async get(number: number): Promise<T> {
    const [offset, size] = this.#records[number] ?? [0, 0];
    if (size === 0) throw new RangeError(`There is no record ${number} among ${this.#records.length}`);
    const text = await readExtent(this.#file, offset, size);
    return unpack(JSON.parse(String(text)), this.#file) as T;
  }

  /** Deletes all. Bodies cannot be read after that. */
  close(): void {
    if (!this.#file.isOpen) return;
    this.#file.isOpen = false;
    closeSync(this.#file.descriptor);
    if (this.#named) rmSync(this.#folder, { recursive: true, force: true });
  }

  #append(block: Uint8Array): Extent {
    const start = this.#end;
    for (let at = 0; at < block.length; )
      at += writeSync(this.#file.descriptor, block, at, block.length - at, start + at);
    this.#end += block.length;
    return [start, block.length];
  }
}

/** Writes a body into a spool. */
export class BodyWriter {
  size = 0;
  readonly #file: OpenFile;
  readonly #append: (block: Uint8Array) => Extent;
  readonly #extents: Extent[] = [];

  constructor(file: OpenFile, append: (block: Uint8Array) => Extent) {
    this.#file = file;
    this.#append = append;
  }

  write(block: Uint8Array): void {
    const [offset, size] = this.#append(block);
    const last = this.#extents.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += size;
    else if (size > 0) this.#extents.push([offset, size]);
    this.size += size;
  }

  /** @param most bytes to keep. */
  end(cut: boolean, most = Number.POSITIVE_INFINITY): SpooledBody {
    const kept: Extent[] = [];
    let left = most;
    for (const [offset, size] of this.#extents) {
      if (left > 0) kept.push([offset, Math.min(size, left)]);
      left -= size;
    }
    return new SpooledBody(this.#file, kept, cut);
  }
}

class SpooledBody implements StoredBody {
  readonly size: number;
  readonly cut: boolean;
  readonly missing: boolean;
  readonly extents: readonly Extent[];
  readonly #file: OpenFile;

  constructor(file: OpenFile, extents: readonly Extent[], cut: boolean, missing = false) {
    this.missing = missing;
    this.#file = file;
    this.extents = extents;
    this.cut = cut;
    this.size = extents.reduce((sum, [, size]) => sum + size, 0);
  }

  async *read(): AsyncGenerator<Buffer, void, undefined> {
    for (const [offset, size] of this.extents) {
      for (let at = 0; at < size; at += BLOCK) {
        yield await readExtent(this.#file, offset + at, Math.min(BLOCK, size - at));
      }
    }
  }
}

async function readExtent(file: OpenFile, offset: number, size: number): Promise<Buffer> {
  const block = Buffer.allocUnsafe(size);
  for (let at = 0; at < size; ) {
    // Not the file that has the descriptor by now.
    if (!file.isOpen) throw new Error('The comparison is over: what it has seen is deleted');
    const { bytesRead } = await readAt(file.descriptor, block, at, size - at, offset + at);
    if (bytesRead === 0) throw new Error('A file of the comparison was cut while it ran');
    at += bytesRead;
  }
  return block;
}

/** What JSON has no form for is an object of one key that no record has. */
function pack(value: unknown): unknown {
  if (value instanceof SpooledBody) return { $body: value.extents, cut: value.cut, missing: value.missing };
  if (value instanceof Date) return { $date: value.getTime() };
  if (Buffer.isBuffer(value)) return { $bytes: value.toString('base64') };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, pack(entry)]));
}

function unpack(value: unknown, file: OpenFile): unknown {
  if (Array.isArray(value)) return value.map((entry) => unpack(entry, file));
  if (typeof value !== 'object' || value === null) return value;
  const { $body, cut, missing, $date, $bytes } = value as Record<string, unknown>;
  if ($body !== undefined) return new SpooledBody(file, $body as Extent[], cut === true, missing === true);
  if ($date !== undefined) return new Date(Number($date));
  if ($bytes !== undefined) return Buffer.from(String($bytes), 'base64');
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unpack(entry, file)]));
}
