/** The body of a CGI request: as much of standard input as CONTENT_LENGTH says (RFC 3875 section 4.2). */
import type { Readable } from 'node:stream';
import type { BodySource } from '../../environ/input/input.js';
import { ignore } from '../../environ/maybe-promise.js';
import { RequestError } from '../../errors.js';
import { cutShort, parseContentLength, readTooLate, tooLarge } from '../../interpreter/request-body.js';
import { readNow } from './standard-streams.js';

/** Bytes that are read at once from standard input. */
const BLOCK = 64 * 1024;

export class CgiBody implements BodySource {
  /** Why the request cannot be served, if it cannot: 400, 411 or 413. */
  readonly refusal: RequestError | undefined;
  readonly #open: () => Readable;
  /** Bytes that are still to come. */
  #left: number;
  #stream: Readable | undefined;
  #error: Error | undefined;
  /** Ends the wait for the stream. */
  #wake: () => void = ignore;

  /**
   * @param open gives standard input; called only when a body that there is has to be read.
   * @param limit in bytes; Infinity for none.
   */
  constructor(open: () => Readable, variables: ReadonlyMap<string, string>, limit: number) {
    this.#open = open;
    const length = variables.get('CONTENT_LENGTH') ?? '';
    this.#left = 0;
    if (length === '') {
      if (variables.has('HTTP_TRANSFER_ENCODING')) this.refusal = lengthRequired();
      return;
    }
    try {
      this.#left = parseContentLength(length);
      if (this.#left > limit) this.refusal = tooLarge(limit);
    } catch (error) {
      this.refusal = error as RequestError;
    }
  }

  async pull(): Promise<Buffer | null> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#left === 0) return null;
      const stream = this.#input();
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) {
        // More than was announced is not of this request: "the script MUST NOT attempt to read more".
        const own = chunk.subarray(0, this.#left);
        this.#left -= own.length;
        return own;
      }
      if (stream.readableEnded || stream.destroyed) this.fail(cutShort(stream.errored));
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  /** The same where the application blocks. */
  pullNow(): Buffer | null {
    if (this.#error !== undefined) throw this.#error;
    if (this.#left === 0) return null;
    try {
      const bytes = readNow(Math.min(this.#left, BLOCK));
      this.#left -= bytes.length;
      if (bytes.length > 0) return bytes;
      this.#error = cutShort();
    } catch (error) {
      this.#error = cutShort(error);
    }
    throw this.#error;
  }

  /** Reads fail from now on, the one under way too. */
  fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  /** The response is complete: what is left of the body is not wanted. */
  discard(): void {
    this.fail(readTooLate());
  }

  /**
   * Throws away what is left. Apache's mod_cgid and fcgiwrap write all of a body before they look at the response, and
   * lose it where they cannot.
   * @param patience milliseconds without a byte after which it gives up. @param most milliseconds in all.
   */
  async drain(patience: number, most: number): Promise<void> {
    if (this.#left === 0) return;
    const stream = this.#input();
    if (stream.readableEnded || stream.destroyed) return;
    const timers: NodeJS.Timeout[] = [];
    await new Promise<void>((resolve) => {
      timers.push(setTimeout(resolve, patience), setTimeout(resolve, most));
      this.#wake = resolve;
      stream.removeAllListeners('readable');
      stream.on('data', (chunk: Buffer) => {
        timers[0]?.refresh();
        this.#left -= chunk.length;
        if (this.#left <= 0) resolve();
      });
      stream.resume();
    });
    for (const timer of timers) clearTimeout(timer);
  }

  #input(): Readable {
    if (this.#stream !== undefined) return this.#stream;
    this.#stream = this.#open();
    for (const event of ['readable', 'end', 'error', 'close']) this.#stream.on(event, () => this.#wake());
    return this.#stream;
  }
}

/** Apache hands on chunks so. The end of standard input would not tell a whole body from one that was cut short. */
function lengthRequired(): RequestError {
  return new RequestError(411, 'The body of a CGI request needs a Content-Length');
}
