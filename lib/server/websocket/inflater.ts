/** Inflates the messages of one WebSocket, within a limit for what inflated messages hold in all of them. */
import type { InflateRaw } from 'node:zlib';
import { ignore } from '../../environ/maybe-promise.js';
import { CLOSE_CODE } from '../../environ/websocket/link.js';
import { logger } from '../../logger.js';
import { type Done, zlib } from './ws.js';

/** What a compressed message leaves out (RFC 7692 section 7.2.1). */
export const TRAILER = Buffer.from([0, 0, 0xff, 0xff]);

/** A message of at most this many bytes is inflated at once: it cannot grow more than a thousandfold. */
const SMALL = 1024;

/** Bytes that are inflated in one go. */
const CHUNK = 2048;

/** Bytes. After a message that grew to more, others get a turn. */
const MUCH = 16 * 1024;

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

  /**
   * Inflates a small message without a stream: in a tenth of the time, and nothing of it stays with the connection.
   * Calls back later, for `ws` reads on from there.
   * @returns false for other messages.
   */
  inflateSmall(data: Buffer, windowBits: number, callback: Done): boolean {
    if (this.#inflate !== undefined || data.length > SMALL) return false;
    const { error, inflated } = this.#inflateNow(data, windowBits);
    const done = () => callback(error, inflated);
    if (inflated === undefined || inflated.length <= MUCH) queueMicrotask(done);
    else setImmediate(done);
    return true;
  }

  /** @param noContext the client keeps no context between messages, and neither is one kept here. */
  inflate(data: Buffer, fin: boolean, windowBits: number, noContext: boolean, callback: Done): void {
    this.#inflateInStream(data, fin, windowBits, (error, inflated) => {
      if (error !== null || (fin && noContext)) this.#drop();
      callback(error, inflated);
    });
  }

  #inflateNow(data: Buffer, windowBits: number): { error: Error | null; inflated?: Buffer } {
    const { constants, inflateRawSync } = zlib();
    const options = {
      windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      // By default, what zlib gives holds 16 KiB, however few of them are used.
      chunkSize: CHUNK,
      ...(this.maxMessage > 0 && { maxOutputLength: this.maxMessage }),
    };
    try {
      const inflated = inflateRawSync(Buffer.concat([data, TRAILER]), options);
      return { error: this.#charge(inflated.length), inflated };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ERR_BUFFER_TOO_LARGE') return { error: this.#tooBig() };
      return { error: this.#fault(message, CLOSE_CODE.invalidData) };
    }
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
