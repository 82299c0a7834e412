/** permessage-deflate (RFC 7692) that keeps no stream between messages, and a limit for what inflated messages hold. */
import { constants, createInflateRaw, type InflateRaw, inflateRaw } from 'node:zlib';
import { PerMessageDeflate } from 'ws';
import { logger } from '../../logger.js';

/** What a compressed message leaves out (RFC 7692 section 7.2.1). */
const TRAILER = Buffer.from([0, 0, 0xff, 0xff]);

/** A frame of at most so many bytes is inflated in one call: deflate cannot make more than a thousand times as much. */
const SMALL = 256;

/** RFC 6455 section 7.4.1: invalid data, message too big; and the registered "try again later". */
const INVALID = 1007;
const TOO_BIG = 1009;
const TRY_LATER = 1013;

export interface DeflateOptions {
  /** Bytes; where no context is kept, shorter messages are sent as they are. */
  readonly deflateThreshold: number;
  readonly deflateMemLevel: number;
  readonly serverMaxWindowBits: number;
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
}

/** Why a frame could not be inflated. */
export class InflateError extends Error {
  constructor(
    message: string,
    readonly closeCode: number,
  ) {
    super(message);
    this.name = 'InflateError';
  }

  /** As `ws` names it. */
  get code(): string {
    return this.closeCode === INVALID ? 'WS_ERR_INVALID_DATA' : 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
  }
}

/** What inflated messages hold, in all connections of a gateway, until the application has received them. */
export class InflateBudget {
  held = 0;
  readonly #limit: number;
  #warned = false;

  /** @param limit bytes; 0 is no limit. */
  constructor(limit: number) {
    this.#limit = limit || Number.POSITIVE_INFINITY;
  }

  /** False if that is more than the limit leaves. */
  take(bytes: number): boolean {
    if (this.held + bytes > this.#limit) {
      this.#warn();
      return false;
    }
    this.held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.held -= bytes;
    if (this.held < this.#limit / 2) this.#warned = false;
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    logger.warning(
      `Compressed WebSocket messages hold ${this.held} bytes: those that would pass ${this.#limit} ` +
        '(websocket-inflate-buffer) are closed with 1013',
    );
  }
}

type Done = (error: Error | null, data?: Buffer) => void;

/** What is private to `ws` of the class above. */
interface Internals {
  _deflate: { close(): void } | null;
  _decompress(data: Buffer, fin: boolean, callback: Done): void;
  _compress(data: Buffer, fin: boolean, callback: Done): void;
}
const base = PerMessageDeflate.prototype as unknown as Internals;

/** In place of the one of `ws`, which keeps 220 KiB for each connection that once had a compressed message. */
export class LeanDeflate extends PerMessageDeflate {
  /** The close code of what went wrong. */
  faultCode: number | undefined;
  /** Bytes of the message that is being inflated, and has not been delivered. */
  #charged = 0;
  #inflate: InflateRaw | undefined;
  #closed = false;

  constructor(
    options: object,
    readonly maxMessage: number,
    readonly budget: InflateBudget,
  ) {
    super({ ...options, isServer: true });
  }

  /** The application has received what was delivered. */
  received(bytes: number): void {
    this.budget.give(bytes);
  }

  /** A message is complete: its bytes are for the receiver to give back. */
  delivered(): number {
    const charged = this.#charged;
    this.#charged = 0;
    return charged;
  }

  override cleanup(): void {
    this.#closed = true;
    this.budget.give(this.delivered());
    this.#drop();
    super.cleanup();
  }

  /** Called by `ws`, in its turn. */
  _decompress(data: Buffer, fin: boolean, callback: Done): void {
    const done: Done = (error, inflated) => {
      if (error instanceof InflateError) this.faultCode = error.closeCode;
      if (error !== null || (fin && this.params?.client_no_context_takeover)) this.#drop();
      callback(error, inflated);
    };
    const alone = fin && this.#inflate === undefined && this.params?.client_no_context_takeover === true;
    if (alone && data.length <= SMALL) this.#inflateAtOnce(data, done);
    else this.#inflateInStream(data, fin, done);
  }

  _compress(data: Buffer, fin: boolean, callback: Done): void {
    base._compress.call(this as unknown as Internals, data, fin, (error, deflated) => {
      const own = this as unknown as Internals;
      if (fin && this.params?.server_no_context_takeover && own._deflate !== null) {
        own._deflate.close();
        own._deflate = null;
      }
      callback(error, deflated);
    });
  }

  /** Without a stream. */
  #inflateAtOnce(data: Buffer, done: Done): void {
    const options = {
      windowBits: this.#windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.maxMessage > 0 && { maxOutputLength: this.maxMessage }),
    };
    inflateRaw(Buffer.concat([data, TRAILER]), options, (error, inflated) => {
      const tooLong = error !== null && (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      if (tooLong) done(this.#tooBig());
      else if (error !== null) done(new InflateError(error.message, INVALID));
      else done(this.#charge(inflated.length), inflated);
    });
  }

  #inflateInStream(data: Buffer, fin: boolean, done: Done): void {
    this.#inflate ??= createInflateRaw({ windowBits: this.#windowBits });
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
    const onerror = (error: Error) => finish(new InflateError(error.message, INVALID));
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

  #charge(bytes: number): InflateError | null {
    if (this.maxMessage > 0 && this.#charged + bytes > this.maxMessage) return this.#tooBig();
    if (!this.#closed && !this.budget.take(bytes)) {
      return new InflateError('Inflated messages hold as much as they may, in all connections', TRY_LATER);
    }
    if (!this.#closed) this.#charged += bytes;
    return null;
  }

  #tooBig(): InflateError {
    return new InflateError('Max payload size exceeded', TOO_BIG);
  }

  get #windowBits(): number {
    const bits = this.params?.client_max_window_bits;
    return typeof bits === 'number' ? bits : constants.Z_DEFAULT_WINDOWBITS;
  }

  #drop(): void {
    this.#inflate?.close();
    this.#inflate = undefined;
  }
}

function ignore(): void {}
