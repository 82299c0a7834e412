/** Conditional requests: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since, If-Range (RFC 9110 section 13). */
import type { AnyEnviron } from '../environ/types.js';
import { parseHttpDate } from './http-date.js';

/** What a file is known by. */
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

/** Undefined if there is no date, or none of HTTP: such a header is ignored. */
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
