/** The body of a fetch `Request`, read as the application reads `wsgi.input`. */
import type { ReadableStreamReadResult } from 'node:stream/web';
import type { BodySource } from '../../../environ/input/input.js';
import { ApplicationError } from '../../../errors.js';
import { cutShort, parseContentLength, readTooLate, tooLarge } from '../../../interpreter/request-body.js';

export class FetchBody implements BodySource {
  readonly #request: Request;
  /** Content-Length, in bytes; undefined if there is none. */
  readonly #declared: number | undefined;
  readonly #limit: number;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #received = 0;
  #over = false;

  /**
   * @param limit in bytes; Infinity for none.
   * @throws ContentTooLarge for a body that says so, RequestError for a length that is not a number, ApplicationError for one
   * that was read before.
   */
  constructor(request: Request, limit: number) {
    const length = request.headers.get('content-length');
    this.#request = request;
    // No HTTP parser has looked at what a host made up itself.
    this.#declared = length === null ? undefined : parseContentLength(length);
    this.#limit = limit;
    if (this.#declared !== undefined && this.#declared > limit) throw tooLarge(limit);
    if (request.bodyUsed) throw readBefore();
  }

  async pull(): Promise<Buffer | null> {
    if (this.#over) throw readTooLate();
    const { done, value } = await this.#read();
    if (done) {
      if (this.#reader !== undefined && this.#declared !== undefined && this.#received < this.#declared)
        throw cutShort();
      return null;
    }
    this.#received += value.byteLength;
    if (this.#received > this.#limit) throw tooLarge(this.#limit);
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  /** Nothing is known to have come: some servers make the body when it is looked at. */
  takeWhole(): undefined {
    return undefined;
  }

  /** The response is complete: what is left of the body is not wanted. */
  discard(): void {
    this.#over = true;
    this.#reader?.cancel().catch(() => undefined);
  }

  async #read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    // Asked for only now: some servers make the body at the first look at it.
    const { body } = this.#request;
    if (body === null) return { done: true, value: undefined };
    if (this.#reader === undefined) {
      if (body.locked) throw readBefore();
      this.#reader = body.getReader();
    }
    try {
      return await this.#reader.read();
    } catch (error) {
      throw cutShort(error);
    }
  }
}

function readBefore(): ApplicationError {
  return new ApplicationError(
    'The body of this request was read before the application got it: hand on request.clone(), or do not read it',
  );
}
