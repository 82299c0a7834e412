/** What holds for a request body in every gateway: how its head says that it is framed, how long it is, and why it cannot be read. */
import { ApplicationError, ClientDisconnected, ContentTooLarge, RequestError } from '../errors.js';

/**
 * The headers that the gateway itself acts on (RFC 9112 section 6, RFC 9110 section 10.1.1). What was sent twice is as Node
 * has it: joined, or the first.
 */
export interface FramingFields {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
}

export function framingIn(rawHeaders: readonly string[]): FramingFields {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  let expect: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1];
    // Most names differ in length already.
    switch (name.length) {
      case 6:
        if (name.toLowerCase() === 'expect') expect = joined(expect, value);
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') contentLength ??= value;
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') transferEncoding = joined(transferEncoding, value);
        break;
    }
  }
  return { contentLength, transferEncoding, expect };
}

function joined(before: string | undefined, value: string | undefined): string | undefined {
  return before === undefined ? value : `${before}, ${value}`;
}

/**
 * The bytes that a request says its body has (RFC 9110 section 8.6).
 * @throws RequestError: 400 for a value that is not a number, 413 for one that JavaScript would round.
 */
export function parseContentLength(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw new RequestError(400, 'The Content-Length is not a number of bytes');
  const length = Number(text);
  if (Number.isSafeInteger(length)) return length;
  throw new RequestError(413, 'The Content-Length is larger than any body that can be counted');
}

/** @param limit in bytes. */
export function tooLarge(limit: number): ContentTooLarge {
  return new ContentTooLarge(`The request body is larger than ${limit} bytes (limit-request-body)`);
}

/** @param cause what the transport threw, if it did. */
export function cutShort(cause?: unknown): ClientDisconnected {
  const error = new ClientDisconnected('the client left before its body was complete');
  if (cause !== undefined && cause !== null) error.cause = cause;
  return error;
}

export function readTooLate(): ApplicationError {
  return new ApplicationError('wsgi.input was read after the response was complete');
}
