/** What is refused of a request by its head alone: what is longer than the options allow, and what HTTP/1.1 forbids. */
import type { IncomingMessage } from 'node:http';
import { RequestError } from '../../errors.js';
import { parseContentLength } from '../../interpreter/request-body.js';
import type { ResolvedOptions } from '../options/options.js';
import { framingOf } from './node-internals.js';

/** Two spaces and "HTTP/1.1": what a request line holds beside method and target. */
const REQUEST_LINE_REST = 10;
export const HEAD_TOO_LONG = 'The header block of the request is too large (limit-request-head)';
export const LINE_TOO_LONG = 'The request line is too long (limit-request-line)';

export class RequestLimits {
  readonly #fieldLimit: number;
  readonly #fieldSizeLimit: number;
  readonly #lineLimit: number;
  readonly #headLimit: number;

  constructor(options: ResolvedOptions) {
    this.#fieldLimit = options.limitRequestFields || Number.POSITIVE_INFINITY;
    this.#fieldSizeLimit = options.limitRequestFieldSize || Number.POSITIVE_INFINITY;
    this.#lineLimit = options.limitRequestLine || Number.POSITIVE_INFINITY;
    this.#headLimit = options.limitRequestHead;
  }

  /** @throws RequestError with the status to answer with. */
  check(message: IncomingMessage): void {
    const { rawHeaders } = message;
    const { method, url } = message as { method: string; url: string };
    if (method.length + url.length + REQUEST_LINE_REST > this.#lineLimit)
      throw new RequestError(414, LINE_TOO_LONG);
    if (rawHeaders.length / 2 > this.#fieldLimit) {
      throw new RequestError(431, `The request has more than ${this.#fieldLimit} header fields`);
    }
    if (this.#fieldSizeLimit < this.#headLimit) this.#checkFieldSizes(rawHeaders);
    const { contentLength, transferEncoding, expect } = framingOf(message);
    if (contentLength !== undefined) parseContentLength(contentLength);
    if (transferEncoding !== undefined) checkTransferEncoding(transferEncoding, contentLength, message);
    if (expect !== undefined) checkExpect(expect, message);
  }

  #checkFieldSizes(rawHeaders: string[]): void {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      // Name, colon, space, value: what gunicorn counts as well.
      const size = (rawHeaders[i] as string).length + (rawHeaders[i + 1] as string).length + 2;
      if (size > this.#fieldSizeLimit) {
        throw new RequestError(431, `A header field is longer than ${this.#fieldSizeLimit} bytes`);
      }
    }
  }
}

/** `chunked`, once, is all that HTTP/1.1 needs (RFC 9112 section 6.1); Node hands other codings on with no body. */
function checkTransferEncoding(coding: string, length: string | undefined, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0) throw new RequestError(400, 'HTTP/1.0 has no Transfer-Encoding');
  if (length !== undefined) {
    throw new RequestError(400, 'A request has either a Content-Length or a Transfer-Encoding');
  }
  if (!/^[ \t,]*chunked[ \t,]*$/i.test(coding)) {
    throw new RequestError(501, 'The only Transfer-Encoding that this server knows is chunked');
  }
}

function checkExpect(expect: string, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0 || expect.trim().toLowerCase() === '100-continue') return;
  throw new RequestError(417, 'The only expectation that this server meets is 100-continue');
}
