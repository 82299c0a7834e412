/** The body of a CGI request: as much of standard input as CONTENT_LENGTH says (RFC 3875 section 4.2). */
import type { Readable } from 'node:stream';
import type { BodySource } from '../../environ/input.js';
import { ApplicationError, ClientDisconnected, ContentTooLarge, RequestError } from '../../errors.js';

export class CgiBody implements BodySource {
  readonly #open: () => Readable;
  /** Bytes that are still to come. */
  #left: number;
  #stream: Readable | undefined;
  #chunks: AsyncIterator<Buffer> | undefined;
  #error: Error | undefined;

  /**
   * @param open standard input; called only when the application reads a body that there is.
   * @param limit in bytes; Infinity for none.
   * @throws RequestError 400 for a CONTENT_LENGTH that is none, 411 for a body without one, 413 for one over the limit.
   */
  constructor(open: () => Readable, variables: ReadonlyMap<string, string>, limit: number) {
    this.#open = open;
    this.#left = bodyLength(variables);
    if (this.#left > limit) {
      throw new ContentTooLarge(`The request body is larger than ${limit} bytes (limit-request-body)`);
    }
  }

  async pull(): Promise<Buffer | null> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#left === 0) return null;
    const chunk = await this.#next();
    // More than was announced is not of this request: "the script MUST NOT attempt to read more".
    const own = chunk.subarray(0, this.#left);
    this.#left -= own.length;
    return own;
  }

  /** Reads fail from now on, the one under way too. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#stream?.destroy();
  }

  /** The response is complete: what is left of the body is not wanted. */
  discard(): void {
    this.fail(new ApplicationError('wsgi.input was read after the response was complete'));
  }

  async #next(): Promise<Buffer> {
    try {
      this.#stream ??= this.#open();
      this.#chunks ??= this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
      const { done, value } = await this.#chunks.next();
      if (!done) return value;
    } catch (error) {
      throw this.#cutShort(error);
    }
    throw this.#cutShort();
  }

  #cutShort(cause?: unknown): Error {
    const error = new ClientDisconnected('the client left before its body was complete');
    if (cause !== undefined) error.cause = cause;
    this.fail(error);
    return this.#error ?? error;
  }
}

function bodyLength(variables: ReadonlyMap<string, string>): number {
  const text = variables.get('CONTENT_LENGTH') ?? '';
  if (text === '') {
    // Apache leaves CONTENT_LENGTH out; the end of standard input would not tell a whole body from one cut short.
    if (variables.has('HTTP_TRANSFER_ENCODING')) {
      throw new RequestError(
        411,
        'The body of a CGI request needs a Content-Length',
        'WSGI_ERR_LENGTH_REQUIRED',
      );
    }
    return 0;
  }
  const length = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new RequestError(400, 'The Content-Length is not a number of bytes');
}
