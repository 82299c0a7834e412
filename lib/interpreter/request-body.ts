/** What holds for a request body in every gateway: how long its head says that it is, and why it cannot be read. */
import { ApplicationError, ClientDisconnected, ContentTooLarge, RequestError } from '../errors.js';

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
