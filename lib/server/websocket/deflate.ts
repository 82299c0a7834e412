/** permessage-deflate (RFC 7692) that keeps no stream between messages: what is negotiated, and the extension for `ws`. */
import type { PerMessageDeflate, PerMessageDeflateOptions } from 'ws';
import type { Inflating } from './inbox.js';
import { type InflateBudget, Inflater, TRAILER } from './inflater.js';
import { type Done, type Offer, ws, zlib } from './ws.js';

const DEFLATE = 'permessage-deflate';

/**
 * A message of at most this many bytes is compressed at once: in a third of the time, for no thread has to be told. A window
 * of 4 KiB holds all of it, and takes a fifteenth of the memory of the usual one.
 */
const SMALL = 4096;
const SMALL_WINDOW_BITS = 12;

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
    return ws().extension.parse(header)[DEFLATE] ?? [];
  } catch {
    return undefined;
  }
}

/** In place of the one of `ws`, which keeps 220 KiB for each connection that once had a compressed message. */
export interface LeanDeflate extends PerMessageDeflate, Inflating {
  /** The close code of what went wrong. */
  readonly faultCode: number | undefined;
  /** What was accepted, as a header says it. */
  readonly header: string;
  /** Bytes below which a message is sent as it is, where no context is kept. */
  readonly threshold: number;
  readonly memLevel: number;
  /** Each message that the server compresses stands for itself: other sockets can have the same bytes. */
  readonly standsAlone: boolean;
  /** Of what the server compresses. */
  readonly windowBits: number;
}

/** For the first offer that can be accepted. If none can, messages are not compressed (RFC 7692 section 5.1). */
export function acceptDeflate(
  offers: readonly Offer[],
  settings: PerMessageDeflateOptions,
  maxMessage: number,
  budget: InflateBudget,
): LeanDeflate | undefined {
  make ??= makeClass();
  for (const offer of offers) {
    const deflate = make(settings, new Inflater(maxMessage, budget));
    try {
      deflate.accept([offer]);
      return deflate;
    } catch {
      // This one is declined.
    }
  }
  return undefined;
}

let make: ((settings: PerMessageDeflateOptions, inflater: Inflater) => LeanDeflate) | undefined;

/** Once: it extends a class of `ws`. */
function makeClass(): NonNullable<typeof make> {
  class Lean extends ws().PerMessageDeflate implements LeanDeflate {
    readonly threshold: number;
    readonly memLevel: number;
    readonly #inflater: Inflater;

    constructor(settings: PerMessageDeflateOptions, inflater: Inflater) {
      super({ ...settings, isServer: true });
      this.threshold = settings.threshold ?? 1024;
      this.memLevel = settings.zlibDeflateOptions?.memLevel ?? zlib().constants.Z_DEFAULT_MEMLEVEL;
      this.#inflater = inflater;
    }

    get standsAlone(): boolean {
      return this.params?.server_no_context_takeover === true;
    }

    get windowBits(): number {
      return bitsOf(this.params?.server_max_window_bits);
    }

    get faultCode(): number | undefined {
      return this.#inflater.faultCode;
    }

    get header(): string {
      return ws().extension.format({ [DEFLATE]: [this.params ?? {}] });
    }

    delivered(): void {
      this.#inflater.delivered();
    }

    received(): void {
      this.#inflater.received();
    }

    override cleanup(): void {
      this.#inflater.close();
      super.cleanup();
    }

    override decompress(data: Buffer, fin: boolean, callback: Done): void {
      const { client_max_window_bits: bits, client_no_context_takeover: noContext } = this.params ?? {};
      const alone = fin && noContext === true;
      if (alone && this.#inflater.inflateSmall(data, bitsOf(bits), callback)) return;
      super.decompress(data, fin, callback);
    }

    override compress(data: Buffer, fin: boolean, callback: Done): void {
      if (!fin || !this.standsAlone || this._deflate !== null || data.length > SMALL) {
        super.compress(data, fin, callback);
        return;
      }
      callback(null, deflateNow(data, Math.min(this.windowBits, SMALL_WINDOW_BITS), this.memLevel));
    }

    /** Called by `ws`, which bounds how many run at once. */
    override _decompress(data: Buffer, fin: boolean, callback: Done): void {
      const { client_max_window_bits: bits, client_no_context_takeover: noContext } = this.params ?? {};
      this.#inflater.inflate(data, fin, bitsOf(bits), noContext === true, callback);
    }

    override _compress(data: Buffer, fin: boolean, callback: Done): void {
      super._compress(data, fin, (error, deflated) => {
        if (fin && this.standsAlone) {
          this._deflate?.close();
          this._deflate = null;
        }
        callback(error, deflated);
      });
    }
  }
  return (settings, inflater) => new Lean(settings, inflater);
}

/** Compresses a message that stands for itself in one call, without a stream. */
export function deflateNow(data: Buffer, windowBits: number, memLevel: number): Buffer {
  const { constants, deflateRawSync } = zlib();
  const deflated = deflateRawSync(data, {
    windowBits,
    memLevel,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: Math.max(256, data.length),
  });
  return deflated.subarray(0, -TRAILER.length);
}

/** A parameter of the extension; without a value, the most that there are (RFC 7692 section 7.1.2). */
function bitsOf(parameter: boolean | number | undefined): number {
  return typeof parameter === 'number' ? parameter : zlib().constants.Z_DEFAULT_WINDOWBITS;
}
