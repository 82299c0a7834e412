/** How long a body is: what a request says, and what status and known length make of a response head (RFC 9112 section 6). */
import { RequestError } from '../errors.js';
import type { CheckedHead } from './response-head.js';
import type { ResponseHead } from './sink.js';

export interface Framing {
  readonly head: ResponseHead;
  /** Bytes of body that the head promises; undefined: the transport marks the end. */
  readonly length: number | undefined;
  /** The application did not say so. */
  readonly inferred: boolean;
}

/** @param inferredLength of the body where it is known without the application's word. */
export function frame(checked: CheckedHead, isHead: boolean, inferredLength: number | undefined): Framing {
  const { status, reason, hasServer } = checked;
  const bodiless = isHead || hasNoBody(status);
  let { headers, length } = checked;
  let inferred = false;
  if (status === 204 || status === 205) {
    // RFC 9110 sections 8.6 and 15.3.6: no length on 204, and none but 0 on 205.
    if (checked.lengthAt !== -1) headers = headers.toSpliced(checked.lengthAt, 2);
    length = undefined;
    if (status === 205) headers.push('Content-Length', '0');
  } else if (length === undefined && inferredLength !== undefined && status !== 304) {
    length = inferredLength;
    inferred = true;
    headers.push('Content-Length', String(length));
  }
  const hasLength = length !== undefined || status === 205;
  return {
    head: { status, reason, headers, hasLength, bodiless, hasServer, close: false },
    length,
    inferred,
  };
}

/**
 * The bytes that a request says its body has.
 * @throws RequestError: 400 for no number (RFC 9110 section 8.6), 413 for one that JavaScript would round.
 */
export function parseContentLength(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new RequestError(400, 'The Content-Length is not a number of bytes');
  const length = Number(text);
  if (Number.isSafeInteger(length)) return length;
  throw new RequestError(413, 'The Content-Length is larger than any body that can be counted');
}

/** Whatever the method (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** A Content-Length beyond the end of a file is corrected, as waitress does, rather than left unmet. */
export function shorten(checked: CheckedHead, size: number | undefined): CheckedHead {
  if (size === undefined || checked.length === undefined || checked.length <= size) return checked;
  const headers = checked.headers.with(checked.lengthAt + 1, String(size));
  return { ...checked, headers, length: size };
}
