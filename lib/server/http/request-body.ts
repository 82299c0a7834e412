/** The body of one request on a Node connection, pulled as the application reads it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodySource } from '../../environ/input/input.js';
import { ignore } from '../../environ/maybe-promise.js';
import { ApplicationError, type RequestError } from '../../errors.js';
import { cutShort, readTooLate, tooLarge } from '../../interpreter/request-body.js';

/** Bytes of an unread body that are thrown away to keep the connection; beyond, it is closed (gunicorn's figure). */
const DRAIN_LIMIT = 64 * 1024;

const kBody = Symbol('request body');

interface BodyMessage extends IncomingMessage {
  [kBody]?: RequestBody;
}

interface Waiter {
  resolve(chunk: Buffer | null): void;
  reject(error: Error): void;
}

export class RequestBody implements BodySource {
  readonly #message: BodyMessage;
  readonly #response: ServerResponse;
  readonly #declared: number | undefined;
  readonly #limit: number;
  /** The client waits for `100 Continue` before it sends the body. */
  #expected: boolean;
  #attached = false;
  #received = 0;
  #waiter: Waiter | undefined;
  #error: Error | undefined;
  /** The response is complete. */
  #over = false;

  /**
   * @param declared Content-Length in bytes; undefined for a chunked body.
   * @param limit of the body in bytes; Infinity for none.
   */
  constructor(
    message: IncomingMessage,
    response: ServerResponse,
    declared: number | undefined,
    limit: number,
    expected: boolean,
  ) {
    this.#message = message;
    this.#response = response;
    this.#declared = declared;
    this.#limit = limit;
    this.#expected = expected;
    if (declared !== undefined && declared > limit) this.#error = tooLarge(limit);
  }

  /** Set once the body is known to be unreadable. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The application waits for the client to send more. */
  get starving(): boolean {
    return this.#waiter !== undefined;
  }

  /** All bytes have come from the client, whether or not they were read. */
  get complete(): boolean {
    return this.#message.complete;
  }

  /** More is left than is worth throwing away. */
  get tooMuchLeft(): boolean {
    if (this.#error !== undefined) return true;
    return this.#declared !== undefined && this.#declared - this.#received > DRAIN_LIMIT;
  }

  pull(): Promise<Buffer | null> {
    if (this.#over) this.#error ??= readTooLate();
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (!this.#attached) this.#attach();
    const chunk = read(this.#message);
    if (chunk !== null) return this.#accept(chunk);
    if (this.#message.readableEnded) return Promise.resolve(null);
    // Bytes that came together with the head are here by then, and ask for nothing (RFC 9110 section 10.1.1).
    if (this.#expected) setImmediate(() => this.#askForBody());
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /**
   * All of a body that has come already, to be read elsewhere; undefined if more is to come, or it is longer than `most`
   * bytes. (What came in the same packet as the head is here in the next tick.)
   */
  takeWhole(most: number): Buffer | undefined {
    const message = this.#message;
    const { readableLength } = message;
    const fits = readableLength <= Math.min(most, this.#limit);
    if (!message.complete || !fits || this.#attached || this.#error !== undefined) return undefined;
    this.#attach();
    this.#received = readableLength;
    // One read() is one packet on newer Nodes (26).
    const chunks: Buffer[] = [];
    for (let chunk = read(message); chunk !== null; chunk = read(message)) chunks.push(chunk);
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, readableLength);
  }

  /** Ends the body with an error, for the read under way and all later ones. */
  fail(error: RequestError | ApplicationError): void {
    this.#error ??= error;
    this.#settle((waiter) => waiter.reject(error));
  }

  /** The application has said all it had to: later reads fail. */
  responseEnded(): void {
    this.#over = true;
    if (this.#waiter !== undefined) this.fail(readTooLate());
  }

  /**
   * What is left of the body after the response is thrown away, within bounds.
   * @param overflow called when there is more of it than that.
   */
  discard(overflow: () => void): void {
    const message = this.#message;
    if (message.readableEnded) return;
    let left = DRAIN_LIMIT;
    message.removeListener('readable', messageOnReadable);
    message.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) overflow();
    });
    message.on('error', ignore);
    message.resume();
  }

  #askForBody(): void {
    if (this.#waiter === undefined || !this.#expected || this.#message.readableLength > 0) return;
    this.#expected = false;
    if (this.#response.headersSent) this.fail(neverAskedFor());
    else this.#response.writeContinue();
  }

  #accept(chunk: Buffer): Promise<Buffer> {
    this.#received += chunk.length;
    if (this.#received <= this.#limit) return Promise.resolve(chunk);
    this.#error = tooLarge(this.#limit);
    return Promise.reject(this.#error);
  }

  #attach(): void {
    this.#attached = true;
    const message = this.#message;
    message[kBody] = this;
    message.on('readable', messageOnReadable);
    message.on('end', messageOnEnd);
    message.on('error', messageOnClose);
    message.on('close', messageOnClose);
  }

  /** @internal */
  onReadable(): void {
    if (this.#waiter === undefined) return;
    const chunk = read(this.#message);
    if (chunk !== null) this.#settle((waiter) => this.#accept(chunk).then(waiter.resolve, waiter.reject));
  }

  /** @internal */
  onEnd(): void {
    this.#settle((waiter) => waiter.resolve(null));
  }

  /** @internal */
  onClose(): void {
    if (!this.#message.readableEnded) this.fail(cutShort());
  }

  #settle(how: (waiter: Waiter) => void): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    this.#waiter = undefined;
    how(waiter);
  }
}

function read(message: IncomingMessage): Buffer | null {
  return message.read() as Buffer | null;
}

function neverAskedFor(): ApplicationError {
  return new ApplicationError(
    'wsgi.input was first read after the response had begun: the client waits for "100 Continue" and will send nothing',
  );
}

function messageOnReadable(this: BodyMessage): void {
  this[kBody]?.onReadable();
}

function messageOnEnd(this: BodyMessage): void {
  this[kBody]?.onEnd();
}

function messageOnClose(this: BodyMessage): void {
  this[kBody]?.onClose();
}
