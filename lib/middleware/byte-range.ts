/** Range requests: one range of bytes (RFC 9110 section 14). */
import type { FileHandle } from 'node:fs/promises';
import type { FileLike } from '../environ/types.js';

/** From the first byte through the last one. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * What a Range header asks for. Undefined if the whole is to be sent: for another unit, several ranges, or nonsense,
 * all of which a server may ignore (section 14.2). Null for a range that lies outside: 416.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null | undefined {
  const found = header === undefined ? null : RANGE.exec(header);
  // An empty file has no range to give; the whole of it is better than an error (Go's net/http does the same).
  if (found === null || size === 0) return undefined;
  const [, from, to, suffix] = found;
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? null : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Number(to);
  if (to && BigInt(to) < BigInt(from ?? 0)) return undefined;
  return first < size ? { first, last: Math.min(last, size - 1) } : null;
}

/** Reads a range of an open file. A FileHandle alone cannot: Node has no seek. */
export class RangeReader implements FileLike {
  readonly #handle: FileHandle;
  #position: number;
  readonly #end: number;

  constructor(handle: FileHandle, { first, last }: ByteRange) {
    this.#handle = handle;
    this.#position = first;
    this.#end = last + 1;
  }

  async read(size: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(size, this.#end - this.#position)));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#position);
    this.#position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
