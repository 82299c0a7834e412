/** Inflates the messages of one WebSocket, within a limit for what inflated messages hold in all of them. */
import type { InflateRaw } from 'node:zlib';
import { ignore } from '../../environ/maybe-promise.js';
import { CLOSE_CODE } from '../../environ/websocket/link.js';
import { logger } from '../../logger.js';
import { type Done, zlib } from './ws.js';

/** What a compressed message leaves out (RFC 7692 section 7.2.1). */
const TRAILER = Buffer.from([0, 0, 0xff, 0xff]);

/** A frame of at most this many bytes is inflated in one call: it cannot grow more than a thousandfold. */
const SMALL = 256;

/** What inflated messages hold, in all connections of a gateway, until the application has received them. */
export class InflateBudget {
  held = 0;
  readonly #limit: number;
  #warned = false;

  /** @param limit bytes; 0 is no limit. */
  constructor(limit: number) {
    this.#limit = limit || Number.POSITIVE_INFINITY;
  }

  /** False if that would pass the limit. */
  take(bytes: number): boolean {
    if (this.held + bytes <= this.#limit) {
      this.held += bytes;
      return true;
    }
    if (!this.#warned) {
      logger.warning(
        `Compressed WebSocket messages hold ${this.held} bytes: those that would pass ${this.#limit} ` +
          '(websocket-inflate-buffer) are closed with 1013',
      );
    }
    this.#warned = true;
    return false;
  }

  give(bytes: number): void {
    this.held -= bytes;
    if (this.held < this.#limit / 2) this.#warned = false;
  }
}

export class Inflater {
  /** The close code of what went wrong. */
  faultCode: number | undefined;
  /** Bytes of the message that is being inflated. */
  #charged = 0;
  /** The same of each message that was delivered, and not received yet. */
  readonly #delivered: number[] = [];
  #inflate: InflateRaw | undefined;
  #closed = false;

  constructor(
    readonly maxMessage: number,
    readonly budget: InflateBudget,
  ) {}

  /** The next message is complete. */
  delivered(): void {
    this.#delivered.push(this.#charged);
    this.#charged = 0;
  }

  /** The application has received the oldest that was delivered. */
  received(): void {
    this.budget.give(this.#delivered.shift() ?? 0);
  }

  close(): void {
    this.#closed = true;
    this.budget.give(this.#charged);
    this.#charged = 0;
    this.#drop();
  }

  /** @param noContext the client keeps no context between messages, and neither is one kept here. */
  inflate(data: Buffer, fin: boolean, windowBits: number, noContext: boolean, callback: Done): void {
    const alone = fin && noContext;
    const done: Done = (error, inflated) => {
      if (error !== null || alone) this.#drop();
      callback(error, inflated);
    };
    if (alone && this.#inflate === undefined && data.length <= SMALL)
      this.#inflateAtOnce(data, windowBits, done);
    else this.#inflateInStream(data, fin, windowBits, done);
  }

  /** Without a stream of our own: faster, and nothing is kept. */
  #inflateAtOnce(data: Buffer, windowBits: number, done: Done): void {
    const options = {
      windowBits,
      finishFlush: zlib().constants.Z_SYNC_FLUSH,
      ...(this.maxMessage > 0 && { maxOutputLength: this.maxMessage }),
    };
    zlib().inflateRaw(Buffer.concat([data, TRAILER]), options, (error, inflated) => {
      if (error === null) done(this.#charge(inflated.length), inflated);
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') done(this.#tooBig());
      else done(this.#fault(error.message, CLOSE_CODE.invalidData));
    });
  }

  #inflateInStream(data: Buffer, fin: boolean, windowBits: number, done: Done): void {
    this.#inflate ??= zlib().createInflateRaw({ windowBits });
    const stream = this.#inflate;
    const chunks: Buffer[] = [];
    let over = false;
    const finish: Done = (error, inflated) => {
      if (over) return;
      over = true;
      stream.removeListener('data', ondata);
      // A stream that was dropped may still report an error.
      stream.removeListener('error', onerror).on('error', ignore);
      done(error, inflated);
    };
    const onerror = (error: Error) => finish(this.#fault(error.message, CLOSE_CODE.invalidData));
    const ondata = (chunk: Buffer) => {
      const fault = this.#charge(chunk.length);
      if (fault === null) chunks.push(chunk);
      else finish(fault);
    };
    stream.removeListener('error', ignore).on('data', ondata).on('error', onerror);
    stream.write(data);
    if (fin) stream.write(TRAILER);
    stream.flush(() => {
      // A final block ends the stream; what follows begins a new one (RFC 7692 section 7.2.3.4).
      if (stream.readableEnded) this.#drop();
      finish(null, Buffer.concat(chunks));
    });
  }

  /** Counts what was inflated; an error if that is too much. */
  #charge(bytes: number): Error | null {
    if (this.maxMessage > 0 && this.#charged + bytes > this.maxMessage) return this.#tooBig();
    if (this.#closed) return null;
    if (!this.budget.take(bytes)) {
      return this.#fault(
        'Inflated messages of all connections hold as many bytes as are allowed',
        CLOSE_CODE.tryLater,
      );
    }
    this.#charged += bytes;
    return null;
  }

  #tooBig(): Error {
    return this.#fault('Max payload size exceeded', CLOSE_CODE.tooBig);
  }

  /** An error for `ws`, with a code as it has them. */
  #fault(message: string, closeCode: number): Error {
    this.faultCode = closeCode;
    const isInvalid = closeCode === CLOSE_CODE.invalidData;
    const code = isInvalid ? 'WS_ERR_INVALID_DATA' : 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
    return Object.assign(new Error(message), { code });
  }

  #drop(): void {
    this.#inflate?.close();
    this.#inflate = undefined;
  }
}
