/**
 * The package `ws`: when and how it is loaded, and what of it is private.
 *
 * It is loaded with the first WebSocket, for it takes a quarter of the CPU time of a start. And as the CommonJS that it is: its
 * ES module names eight files, which Node scans one by one for what they export (measured on Node 20: `import` 0.13 s,
 * `require` 0.04 s).
 */
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import type { PerMessageDeflate as Deflate, Receiver, WebSocket as Socket } from 'ws';
import { addPiece } from '../../environ/input/pieces.js';

type Package = typeof import('ws');

let loaded: Package | undefined;

/** At once, and in the turn of the first handshake, so that nothing of its connection has to wait for it. */
export function ws(): Package {
  loaded ??= createRequire(import.meta.url)('ws') as Package;
  return loaded;
}

/** Loaded when it is used, for the same reason. */
export function zlib(): typeof import('node:zlib') {
  return process.getBuiltinModule('node:zlib');
}

/** Parameters of a client's offer and their values, as `ws` parses them. */
export type Offer = Record<string, (string | true)[]>;

/** The callback of `ws`. */
export type Done = (error: Error | null, data?: Buffer) => void;

/** What `ws` keeps of the extensions of a connection; its receiver and its sender hold the same object. */
interface Extended {
  readonly _extensions: Record<string, Deflate>;
}

/**
 * What we use of `ws` without its documentation, as `internals` of http/node-internals.ts is for Node. Specs set it to false.
 * `deflate`: its methods that compress and inflate, overridden. Buys memory: at most 45 KiB that stay with a
 * connection after one small message, and not 220. Without them no extension is negotiated, and messages are not compressed.
 * `joinPackets` has one more, which needs no switch.
 */
export const wsInternals: { deflate: boolean | undefined } = {
  // Not known before `ws` is loaded.
  deflate: undefined,
};

/** Whether the methods of `wsInternals.deflate` are there. */
export function canDeflate(): boolean {
  const { prototype } = ws().PerMessageDeflate;
  wsInternals.deflate ??= ['_compress', '_decompress'].every((name) => name in prototype);
  return wsInternals.deflate;
}

/** What `ws` keeps of a frame until it is complete. */
interface Reading {
  readonly _buffers?: Buffer[];
}

/**
 * Joins small packets of a frame as they come. `ws` keeps each by itself, and takes the first of all for each of them in the
 * end: a frame in 250,000 packets of a byte would stop the event loop for half a minute.
 * @param receiver of frames. To be called before it was given any; does nothing if `ws` keeps them in another way.
 */
export function joinPackets(receiver: Receiver): void {
  const { _buffers: packets } = receiver as Reading;
  if (!Array.isArray(packets)) return;
  packets.push = pushJoined;
}

function pushJoined(this: Buffer[], ...packets: Buffer[]): number {
  for (const packet of packets) addPiece(this, packet);
  return this.length;
}

/** As `joinPackets`, for the receiver of a socket. */
export function joinPacketsOf(socket: Socket): void {
  const { _receiver: receiver } = socket as unknown as { readonly _receiver?: Receiver };
  if (receiver !== undefined) joinPackets(receiver);
}

/** Private to `ws`, whose own negotiation is not used. To be called before anything was read. */
export function useDeflate(socket: Socket, deflate: Deflate): void {
  (socket as unknown as Extended)._extensions[ws().PerMessageDeflate.extensionName] = deflate;
}

/**
 * For a client of a server that is named in code: what it sends is bounded by `maxPayload`, and not by the pieces that it
 * comes in. `ws` would cut the connection at the 61st ping that comes with others; a packet of 64 KiB holds fewer than these.
 */
export const CLIENT_LIMITS = { maxPendingAutoPongs: 32_768, maxFragments: 0, maxBufferedChunks: 0 };

declare module 'ws' {
  export interface ClientOptions {
    maxPendingAutoPongs?: number;
    /** Of `http.request`. */
    maxHeaderSize?: number;
  }
  export interface ServerOptions {
    closeTimeout?: number;
  }
  export const extension: {
    parse(header: string): Record<string, Offer[] | undefined>;
    format(extensions: Record<string, object[]>): string;
  };
  export const subprotocol: { parse(header: string): Set<string> };
  /** Reads the frames of one direction: emits `message`, `ping`, `pong`, `conclude` and `error`. */
  export class Receiver extends Writable {
    constructor(options: {
      isServer: boolean;
      extensions: Record<string, PerMessageDeflate>;
      maxPayload: number;
    });
  }
  export class PerMessageDeflate {
    static readonly extensionName: string;
    constructor(options: PerMessageDeflateOptions & { isServer: boolean; maxPayload?: number });
    /** What was negotiated. */
    params: Record<string, boolean | number | undefined> | null;
    accept(offers: Offer[]): unknown;
    cleanup(): void;
    /** At most some run at once, in all connections. */
    compress(data: Buffer, fin: boolean, callback: Done): void;
    decompress(data: Buffer, fin: boolean, callback: Done): void;

    // Private to `ws`.
    protected _deflate: { close(): void } | null;
    protected _compress(data: Buffer, fin: boolean, callback: Done): void;
    protected _decompress(data: Buffer, fin: boolean, callback: Done): void;
  }
}
