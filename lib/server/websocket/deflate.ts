/** permessage-deflate (RFC 7692) that keeps no stream between messages, and a limit for what inflated messages hold. */

import { constants, createInflateRaw, type InflateRaw, inflateRaw } from 'node:zlib';
import type { PerMessageDeflateOptions } from 'ws';
import { ignore } from '../../environ/maybe-promise.js';
import { CLOSE_CODE } from '../../environ/websocket/link.js';
import { logger } from '../../logger.js';
import { type Done, extension, type Offer, PerMessageDeflate } from './ws.js';

const DEFLATE = PerMessageDeflate.extensionName;

/** What a compressed message leaves out (RFC 7692 section 7.2.1). */
const TRAILER = Buffer.from([0, 0, 0xff, 0xff]);

/** A frame of at most this many bytes is inflated in one call: it cannot grow more than a thousandfold. */
const SMALL = 256;

export interface DeflateOptions {
  /** Bytes; where no context is kept, shorter messages are sent as they are. */
  readonly deflateThreshold: number;
  readonly deflateMemLevel: number;
  readonly serverMaxWindowBits: number;
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
}

/** As `ws` names them. */
export function deflateSettings(options: DeflateOptions | undefined): PerMessageDeflateOptions {
  if (options === undefined) return {};
  const { serverMaxWindowBits, serverNoContextTakeover, clientNoContextTakeover } = options;
  return {
    threshold: options.deflateThreshold,
    zlibDeflateOptions: { memLevel: options.deflateMemLevel },
    // `false` would refuse clients that ask for it.
    ...(serverNoContextTakeover && { serverNoContextTakeover }),
    ...(clientNoContextTakeover && { clientNoContextTakeover }),
    ...(serverMaxWindowBits < 15 && { serverMaxWindowBits }),
  };
}

/** Undefined if the header breaks the grammar of RFC 6455 section 9.1, for which the connection has to fail. */
export function parseOffers(header: string | undefined): Offer[] | undefined {
  if (header === undefined) return [];
  try {
    return extension.parse(header)[DEFLATE] ?? [];
  } catch {
    return undefined;
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

/** In place of the one of `ws`, which keeps 220 KiB for each connection that once had a compressed message. */
export class LeanDeflate extends PerMessageDeflate {
  /** The close code of what went wrong. */
  faultCode: number | undefined;
  /** Bytes of the message that is being inflated. */
  #charged = 0;
  /** The same of each message that was delivered, and not received yet. */
  readonly #delivered: number[] = [];
  #inflate: InflateRaw | undefined;
  #closed = false;

  /** Bytes below which a message is sent as it is, where no context is kept. */
  readonly threshold: number;
  readonly memLevel: number;

  private constructor(
    settings: PerMessageDeflateOptions,
    readonly maxMessage: number,
    readonly budget: InflateBudget,
  ) {
    super({ ...settings, isServer: true });
    this.threshold = settings.threshold ?? 1024;
    this.memLevel = settings.zlibDeflateOptions?.memLevel ?? constants.Z_DEFAULT_MEMLEVEL;
  }

  /** For the first offer that can be accepted. If none can, messages are not compressed (RFC 7692 section 5.1). */
  static accept(
    offers: readonly Offer[],
    settings: PerMessageDeflateOptions,
    maxMessage: number,
    budget: InflateBudget,
  ): LeanDeflate | undefined {
    for (const offer of offers) {
      const deflate = new LeanDeflate(settings, maxMessage, budget);
      try {
        deflate.accept([offer]);
        return deflate;
      } catch {
        // This one is declined.
      }
    }
    return undefined;
  }

  /** Each message that the server compresses stands for itself: other sockets can have the same bytes. */
  get standsAlone(): boolean {
    return this.params?.server_no_context_takeover === true;
  }

  /** Of what the server compresses. */
  get windowBits(): number {
    const bits = this.params?.server_max_window_bits;
    return typeof bits === 'number' ? bits : constants.Z_DEFAULT_WINDOWBITS;
  }

  /** What was accepted, as a header says it. */
  get header(): string {
    return extension.format({ [DEFLATE]: [this.params ?? {}] });
  }

  /** The next message is complete. */
  delivered(): void {
    this.#delivered.push(this.#charged);
    this.#charged = 0;
  }

  /** The application has received the oldest that was delivered. */
  received(): void {
    this.budget.give(this.#delivered.shift() ?? 0);
  }

  override cleanup(): void {
    this.#closed = true;
    this.budget.give(this.#charged);
    this.#charged = 0;
    this.#drop();
    super.cleanup();
  }

  /** Called by `ws`, which bounds how many run at once. */
  override _decompress(data: Buffer, fin: boolean, callback: Done): void {
    const noContext = fin && this.params?.client_no_context_takeover === true;
    const done: Done = (error, inflated) => {
      if (error !== null || noContext) this.#drop();
      callback(error, inflated);
    };
    const alone = noContext && this.#inflate === undefined;
    if (alone && data.length <= SMALL) this.#inflateAtOnce(data, done);
    else this.#inflateInStream(data, fin, done);
  }

  override _compress(data: Buffer, fin: boolean, callback: Done): void {
    super._compress(data, fin, (error, deflated) => {
      if (fin && this.params?.server_no_context_takeover) {
        this._deflate?.close();
        this._deflate = null;
      }
      callback(error, deflated);
    });
  }

  /** Without a stream of our own: faster, and nothing is kept. */
  #inflateAtOnce(data: Buffer, done: Done): void {
    const options = {
      windowBits: this.#inflateBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.maxMessage > 0 && { maxOutputLength: this.maxMessage }),
    };
    inflateRaw(Buffer.concat([data, TRAILER]), options, (error, inflated) => {
      if (error === null) done(this.#charge(inflated.length), inflated);
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') done(this.#tooBig());
      else done(this.#fault(error.message, CLOSE_CODE.invalidData));
    });
  }

  #inflateInStream(data: Buffer, fin: boolean, done: Done): void {
    this.#inflate ??= createInflateRaw({ windowBits: this.#inflateBits });
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

  get #inflateBits(): number {
    const bits = this.params?.client_max_window_bits;
    return typeof bits === 'number' ? bits : constants.Z_DEFAULT_WINDOWBITS;
  }

  #drop(): void {
    this.#inflate?.close();
    this.#inflate = undefined;
  }
}

// Exported by `ws` since 8.19, and not in its types yet.
