/** The body of one request on a Node connection, pulled as the application reads it. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { READ_SIZE } from '../../environ/input/byte-queue.js';
import type { BodySource } from '../../environ/input/input.js';
import { addPiece } from '../../environ/input/pieces.js';
import { ApplicationError, type RequestError } from '../../errors.js';
import { cutShort, readTooLate, tooLarge } from '../../interpreter/request-body.js';
import { giveBack, wasReadWhole } from './freed-memory.js';
import { type BodyTaker, hasOwnChunks, readOn, takeBody, wasReadByOthers } from './node-internals.js';

/** Bytes of an unread body that are thrown away to keep the connection; beyond, it is closed (gunicorn's figure). */
const DRAIN_LIMIT = 64 * 1024;

/** Bytes that come before they are asked for: of more, the client has to wait. */
const HIGH_WATER = READ_SIZE;

const EMPTY = Buffer.alloc(0);

interface Waiter {
  /** Bytes that it waits for, unless the body ends before. */
  readonly size: number;
  resolve(chunk: Buffer | null): void;
  reject(error: Error): void;
}

export class RequestBody implements BodySource, BodyTaker {
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #declared: number | undefined;
  readonly #limit: number;
  /** The client waits for `100 Continue` before it sends the body. */
  #expected: boolean;
  #attached = false;
  /** What has come and was not read. */
  #chunks: Buffer[] = [];
  #unread = 0;
  /** Bytes that have come. */
  #received = 0;
  /** All of them have. */
  #ended = false;
  /** What was given last was joined here. */
  #gaveJoined = false;
  /** The client has to wait. */
  #stopped = false;
  #waiter: Waiter | undefined;
  #error: Error | undefined;
  /** The response is complete. */
  #over = false;
  /** Bytes that are still thrown away; undefined: they are kept for the application. */
  #toDrop: number | undefined;
  #onOverflow: (() => void) | undefined;

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

  /** Nobody else uses the memory of what `pull` gave last, if that has all of it. */
  get gaveOwn(): boolean {
    return this.#gaveJoined || hasOwnChunks(this.#message);
  }

  /** The client was to wait for `100 Continue`, and got none. */
  get cameUnasked(): boolean {
    return this.#expected;
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

  pull(size = 1): Promise<Buffer | null> {
    if (this.#over) this.#error ??= readTooLate();
    if (this.#error === undefined && !this.#attached) this.#attach();
    if (this.#canGive(size)) {
      const error = this.#failure(size);
      return error === undefined ? Promise.resolve(this.#give(size)) : Promise.reject(error);
    }
    this.#readOn();
    // Bytes that came together with the head are here by then, and ask for nothing (RFC 9110 section 10.1.1).
    if (this.#expected) setImmediate(() => this.#askForBody());
    return new Promise((resolve, reject) => {
      this.#waiter = { size, resolve, reject };
    });
  }

  /**
   * All of a body that has come already, to be read elsewhere; undefined if more is to come, or it is longer than `most`
   * bytes. (What came in the same packet as the head is here in the next tick.)
   */
  takeWhole(most: number): Buffer | undefined {
    const { complete, readableLength } = this.#message;
    const fits = readableLength <= Math.min(most, this.#limit);
    if (!complete || !fits || this.#attached || this.#error !== undefined) return undefined;
    if (this.#message.readableEncoding !== null || wasReadByOthers(this.#message)) return undefined;
    this.#attach();
    return this.#give() ?? EMPTY;
  }

  /** Ends the body with an error, for the read under way and all later ones. */
  fail(error: RequestError | ApplicationError): void {
    this.#error ??= error;
    this.#drop();
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
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
    this.#toDrop = DRAIN_LIMIT - this.#unread;
    this.#onOverflow = overflow;
    this.#drop();
    if (!this.#attached) this.#attach();
    this.#readOn();
  }

  /** @internal What comes from the client; null: that was all. @returns false if the client has to wait. */
  take(chunk: Buffer | null): boolean {
    if (this.#toDrop !== undefined) {
      this.#toDrop -= chunk?.length ?? 0;
      if (this.#toDrop < 0) this.#onOverflow?.();
      return true;
    }
    if (chunk === null) this.#ended = true;
    else if (this.#error === undefined) this.#keep(chunk);
    const waiter = this.#waiter;
    if (waiter !== undefined && this.#canGive(waiter.size)) {
      this.#waiter = undefined;
      const error = this.#failure(waiter.size);
      if (error === undefined) waiter.resolve(this.#give(waiter.size));
      else waiter.reject(error);
    }
    this.#stopped = this.#error !== undefined || (this.#waiter === undefined && this.#unread >= HIGH_WATER);
    return !this.#stopped;
  }

  #keep(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received > this.#limit) return;
    addPiece(this.#chunks, chunk);
    this.#unread += chunk.length;
  }

  #canGive(size: number): boolean {
    return this.#unread >= size || this.#ended || this.#error !== undefined || this.#received > this.#limit;
  }

  #failure(size: number): Error | undefined {
    // What came within the limit can be read, as long as no more is asked for.
    if (this.#received > this.#limit && this.#unread < size) this.#error ??= tooLarge(this.#limit);
    return this.#error;
  }

  /** @param wanted bytes: of more, the rest would be copied once more where it is read. */
  #give(wanted = 1): Buffer | null {
    if (this.#unread === 0) return null;
    const size = wanted < READ_SIZE ? this.#unread : Math.min(wanted, this.#unread);
    const chunks = this.#takeChunks(size);
    wasReadWhole(size);
    this.#gaveJoined = chunks.length > 1;
    if (chunks.length === 1) return chunks[0] as Buffer;
    const whole = Buffer.concat(chunks, size);
    if (hasOwnChunks(this.#message)) giveBack(chunks);
    return whole;
  }

  /** Takes so many bytes out of what waits, the last ones as a part of their chunk. */
  #takeChunks(size: number): Buffer[] {
    const chunks = this.#chunks;
    if (size === this.#unread) {
      this.#drop();
      return chunks;
    }
    this.#unread -= size;
    let whole = 0;
    let rest = size;
    for (; rest >= (chunks[whole] as Buffer).length; whole++) rest -= (chunks[whole] as Buffer).length;
    const pieces = chunks.splice(0, whole);
    if (rest > 0) {
      const [last] = chunks as [Buffer];
      pieces.push(last.subarray(0, rest));
      chunks[0] = last.subarray(rest);
    }
    return pieces;
  }

  #drop(): void {
    this.#chunks = [];
    this.#unread = 0;
  }

  #readOn(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    readOn(this.#message);
  }

  #askForBody(): void {
    if (this.#waiter === undefined || !this.#expected || this.#received > 0) return;
    this.#expected = false;
    if (this.#response.headersSent) this.fail(neverAskedFor());
    else this.#response.writeContinue();
  }

  #attach(): void {
    this.#attached = true;
    const message = this.#message;
    if (message.readableEncoding !== null) {
      this.fail(decoded(message.readableEncoding));
      return;
    }
    if (this.#toDrop === undefined && wasReadByOthers(message)) {
      this.fail(readByOthers());
      return;
    }
    // One read() is one packet on newer Nodes (26).
    while (message.readableLength > 0) this.take(message.read() as Buffer);
    if (takeBody(message, this)) {
      if (message.complete) this.take(null);
      // A parser of the host found no byte in it.
    } else if (message.readableEnded) this.take(null);
    else if (message.destroyed) this.fail(cutShort());
    else this.#listen();
  }

  #listen(): void {
    const message = this.#message;
    const cut = () => {
      if (!message.readableEnded) this.fail(this.#over ? readTooLate() : cutShort());
    };
    message.on('data', (chunk: Buffer) => {
      if (!this.take(chunk)) message.pause();
    });
    message.on('end', () => this.take(null));
    message.on('error', cut);
    message.on('close', cut);
    // A host may have, while it did something else.
    if (message.isPaused()) message.resume();
  }
}

function neverAskedFor(): ApplicationError {
  return new ApplicationError(
    'wsgi.input was first read after the response had begun: the client waits for "100 Continue" and will send nothing',
  );
}

function decoded(encoding: string): ApplicationError {
  return new ApplicationError(
    `The body of this request comes as text, for the host has called setEncoding('${encoding}'): wsgi.input is bytes`,
  );
}

function readByOthers(): ApplicationError {
  return new ApplicationError(
    "Something else, such as a 'data' listener on the request, got the body before the application read it: bytes are " +
      'missing in wsgi.input',
  );
}
