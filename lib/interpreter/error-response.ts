/** The response to a request that failed: the status, and one sentence that gives nothing away. */

import { isRequestError, ServerBusy } from '../errors.js';
import { STATUS_CODES } from '../node-http.js';
import type { Reporter } from './report.js';
import type { ResponseHead, Sink } from './sink.js';

export interface ErrorResponse {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

/**
 * A client's mistake is explained to the client; of any other error it only learns that there was one (PEP 3333
 * "Error Handling").
 */
export function errorResponse(error: unknown, isHead: boolean): ErrorResponse {
  const known = isRequestError(error);
  const status = known ? error.status : 500;
  const text = known ? error.message : 'The server could not complete the request';
  const reason = STATUS_CODES[status] ?? 'Error';
  const body = Buffer.from(`${status} ${reason}\n\n${text}.\n`, 'utf8');
  const headers = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', String(body.length)];
  if (known && error instanceof ServerBusy) headers.push('Retry-After', String(error.retryAfter));
  return {
    head: { status, reason, headers, hasLength: true, bodiless: isHead, hasServer: false, close: true },
    body,
  };
}

/** Answers a request of which nothing was sent yet. */
export function sendError(
  sink: Pick<Sink, 'head' | 'end' | 'abort'>,
  error: unknown,
  isHead: boolean,
  reporter: Reporter,
): void {
  const { head, body } = errorResponse(error, isHead);
  try {
    sink.head(head);
    if (isHead) sink.end();
    else sink.end(body);
  } catch (failure) {
    reporter.say('The error response could not be sent', failure);
    sink.abort();
  }
}
