/** The `ServerResponse` of our own servers: it ends in one write, and says that it is complete without a listener. */
import { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WsgiRequest } from './wsgi-request.js';

/** Told when the last byte of a response was handed to the kernel. */
export interface ResponseOwner {
  responseFinished(): void;
}

type Data = string | Uint8Array;
type WriteRaw = (
  this: ServerResponse,
  data: Data,
  encoding: BufferEncoding,
  callback?: unknown,
  size?: number,
) => boolean;

const writeRaw = (ServerResponse.prototype as unknown as { readonly _writeRaw: WriteRaw })._writeRaw;

export class WsgiResponse extends ServerResponse<WsgiRequest> {
  owner: ResponseOwner | undefined = undefined;
  /** Node's: the milliseconds that a Keep-Alive header tells the client. */
  declare _keepAliveTimeout: number;
  #holds = false;
  /** What was held back until it is known what follows. */
  #held: Data | undefined = undefined;
  #callback: unknown = undefined;

  /**
   * As `end`, which makes two writes of it, the second of nothing, to learn when the first is done (bench: hello).
   * @param last bytes, or latin-1.
   */
  endWith(last: Data): void {
    this.#holds = true;
    try {
      this.end(last, 'latin1');
    } finally {
      this.#holds = false;
      if (this.#held !== undefined) this.#release(this.#callback);
    }
  }

  /** @internal Node's way to the socket. */
  _writeRaw(data: Data, encoding: BufferEncoding, callback?: unknown, size?: number): boolean {
    if (this.#holds) {
      this.#holds = false;
      this.#held = data;
      this.#callback = callback;
      return true;
    }
    if (this.#held !== undefined) {
      // The first block has no callback of its own.
      if (data === '') return this.#release(callback);
      this.#release(this.#callback);
    }
    return writeRaw.call(this, data, encoding, callback, size);
  }

  #release(callback: unknown): boolean {
    const held = this.#held as Data;
    this.#held = undefined;
    return writeRaw.call(this, held, 'latin1', callback);
  }

  /** Node lets go of the socket when the response is finished, and only then (bench: a `close` listener costs 7 %). */
  override detachSocket(socket: Socket): void {
    super.detachSocket(socket);
    this.owner?.responseFinished();
  }
}
