/** The frames of a WebSocket that passes, both directions, compressed ones too: `ws` reads a copy of the bytes. */
import type { PerMessageDeflate as Deflate, Receiver as Reader } from 'ws';
import { parseOffers } from '../../server/websocket/deflate.js';
import { joinPackets, ws } from '../../server/websocket/ws.js';
import { valuesOf } from '../fields.js';
import type { Field } from './http/head.js';

/** Of a close frame; 1005 stands for one without a code. */
interface Close {
  readonly code: number;
  readonly reason: string;
}

/** Bytes. A longer message is passed on, and ends what is recorded of its conversation. */
const MAX_MESSAGE = 256 * 1024 * 1024;

/** Bytes of both sides that wait to be read: as much as Node reads from a socket at once. */
const MAX_WAITING = 64 * 1024;

const LOST = 1006;

export interface FrameListener {
  onmessage(from: 'client' | 'server', data: string | Buffer): void;
  /** The conversation cannot be read any further. */
  onunreadable(error: Error): void;
  /** All that both sides have sent is read, after `write` said false. */
  ondrain(): void;
  /** The server has closed, or lost, its side, and all messages have been told. */
  onend(): void;
}

export class Frames {
  readonly #listener: FrameListener;
  readonly #sides: Readonly<Record<'client' | 'server', Reader>>;
  readonly #codings: readonly Deflate[];
  /** In the order in which they came; the first is being read. */
  readonly #waiting: { readonly from: 'client' | 'server'; readonly bytes: Buffer }[] = [];
  #waitingBytes = 0;
  #unreadable = false;
  #ending = false;
  /** What the server has said, or undefined: RFC 6455, section 7.1.5. */
  #closed: Close | undefined;
  /** What the client has said, if that came before. */
  #closedFirst: Close | undefined;

  /** @param fields of the answer of 101. */
  constructor(fields: readonly Field[], listener: FrameListener) {
    this.#listener = listener;
    const agreed = valuesOf(fields, 'sec-websocket-extensions').join(', ');
    const offer = parseOffers(agreed === '' ? undefined : agreed)?.[0];
    const params = offer === undefined ? undefined : paramsOf(offer);
    const { PerMessageDeflate, Receiver } = ws();
    const make = (from: 'client' | 'server') => {
      const isServer = from === 'client';
      const deflate =
        params === undefined ? undefined : new PerMessageDeflate({ isServer, maxPayload: MAX_MESSAGE });
      if (deflate !== undefined) deflate.params = params ?? {};
      const extensions = deflate === undefined ? {} : { [PerMessageDeflate.extensionName]: deflate };
      const receiver = new Receiver({ isServer, extensions, maxPayload: MAX_MESSAGE });
      joinPackets(receiver);
      return { deflate, receiver: this.#receiver(from, receiver) };
    };
    const client = make('client');
    const server = make('server');
    this.#sides = { client: client.receiver, server: server.receiver };
    this.#codings = [client.deflate, server.deflate].filter((deflate) => deflate !== undefined);
    // `ws` would throw at the first message, where nobody catches it.
    if (!Object.values(params ?? {}).every(isPossible)) {
      this.#fail(new Error(`its Sec-WebSocket-Extensions cannot be: ${agreed}`));
    }
  }

  /** As the server closed; 1006 if it did not. */
  get close(): Close & { readonly client?: Close } {
    const client = this.#closedFirst;
    return { ...(this.#closed ?? { code: LOST, reason: '' }), ...(client !== undefined && { client }) };
  }

  /**
   * What came later is read when this was inflated: an inflation of one side may take longer than one of the other.
   *
   * @returns false if the next bytes should wait for `ondrain`.
   */
  write(from: 'client' | 'server', bytes: Buffer): boolean {
    if (this.#unreadable || this.#ending) return true;
    this.#waiting.push({ from, bytes: Buffer.from(bytes) });
    this.#waitingBytes += bytes.length;
    if (this.#waiting.length === 1) this.#read();
    return this.#waitingBytes <= MAX_WAITING;
  }

  /** The connection is over. `onend` comes once the last messages have been inflated. */
  end(): void {
    this.#ending = true;
    if (this.#waiting.length === 0) this.#end();
  }

  #read(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const receiver = this.#sides[first.from];
      // A side is read no more after its close frame.
      if (receiver.writable) {
        receiver.write(first.bytes, (error) => {
          if (error) this.#fail(error);
          else this.#drop();
          this.#read();
        });
        return;
      }
      this.#drop();
    }
    this.#listener.ondrain();
    if (this.#ending) this.#end();
  }

  #drop(): void {
    this.#waitingBytes -= this.#waiting.shift()?.bytes.length ?? 0;
  }

  #fail(error: Error): void {
    this.#unreadable = true;
    this.#waiting.length = 0;
    this.#listener.onunreadable(error);
  }

  #end(): void {
    for (const deflate of this.#codings) deflate.cleanup();
    this.#listener.onend();
  }

  #receiver(from: 'client' | 'server', receiver: Reader): Reader {
    receiver.on('message', (data: Buffer, isBinary: boolean) => {
      this.#listener.onmessage(from, isBinary ? data : data.toString('utf8'));
    });
    receiver.on('conclude', (code: number, reason: Buffer) => {
      const close = { code, reason: reason.toString('utf8') };
      if (from === 'server') this.#closed ??= close;
      else if (this.#closed === undefined) this.#closedFirst ??= close;
    });
    // `write` is told too.
    receiver.on('error', () => {});
    return receiver;
  }
}

function paramsOf(
  offer: Readonly<Record<string, readonly (string | true)[]>>,
): Record<string, boolean | number> {
  return Object.fromEntries(
    Object.entries(offer).map(([name, [value]]) => [
      name,
      value === true || value === undefined ? true : Number(value),
    ]),
  );
}

/** Of window bits (RFC 7692, section 7.1.2), or a parameter without a value. */
function isPossible(value: boolean | number): boolean {
  return typeof value === 'boolean' || (Number.isInteger(value) && value >= 8 && value <= 15);
}
