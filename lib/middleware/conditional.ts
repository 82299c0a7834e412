/** Conditional requests and ranges: which status answers, and which bytes (RFC 9110 sections 13 and 14). */
import type { FileHandle } from 'node:fs/promises';
import type { AnyEnviron, FileLike } from '../environ/types.js';
import { parseHttpDate } from '../util/http-date.js';

/** What tells the versions of a file apart. */
export interface Validators {
  /** A strong one, in quotes. */
  readonly etag: string;
  /** As HTTP writes it. */
  readonly lastModified: string;
}

/** An entity tag at the place where the last one ended; the comma comes before it. */
const TAG = /[\s,]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")/y;

/** The status that answers instead of the file, in the order of section 13.2.2; undefined if the file is to be sent. */
export function failedPrecondition(environ: AnyEnviron, validators: Validators): 304 | 412 | undefined {
  const match = environ['HTTP_IF_MATCH'];
  if (match !== undefined) {
    if (!matches(match, validators.etag, (tag) => tag)) return 412;
  } else if (isModifiedSince(environ['HTTP_IF_UNMODIFIED_SINCE'], validators) === true) return 412;
  const noneMatch = environ['HTTP_IF_NONE_MATCH'];
  if (noneMatch !== undefined) return matches(noneMatch, validators.etag, strip) ? 304 : undefined;
  return isModifiedSince(environ['HTTP_IF_MODIFIED_SINCE'], validators) === false ? 304 : undefined;
}

/** False if the client has parts of another version, and a part of this one would not go with them. */
export function rangeApplies(environ: AnyEnviron, { etag, lastModified }: Validators): boolean {
  const ifRange = environ['HTTP_IF_RANGE'];
  if (ifRange === undefined) return true;
  // Strong comparison for tags; dates must be the same, not later (section 13.1.5).
  return ifRange.includes('"') ? ifRange === etag : parseHttpDate(ifRange) === parseHttpDate(lastModified);
}

/** Undefined if there is no date of HTTP: such a header is ignored. */
function isModifiedSince(header: string | undefined, { lastModified }: Validators): boolean | undefined {
  const since = header === undefined ? Number.NaN : parseHttpDate(header);
  return Number.isNaN(since) ? undefined : parseHttpDate(lastModified) > since;
}

function matches(header: string, etag: string, comparable: (tag: string) => string): boolean {
  if (header.trim() === '*') return true;
  TAG.lastIndex = 0;
  for (let found = TAG.exec(header); found !== null; found = TAG.exec(header)) {
    if (comparable(found[1] as string) === etag) return true;
  }
  return false;
}

/** For the weak comparison (section 8.8.3.2), which our tags, all strong, need only on one side. */
function strip(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}

/** From the first byte through the last one. */
interface ByteRange {
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
