/** The front of a worker: its parent passes it connections, and it passes those on that have no request when it leaves. */
import type { Socket } from 'node:net';
import { kConnection, type WsgiSocket } from '../http/connection.js';
import { hasUnsent, stopReading, withoutServer } from '../http/node-internals.js';
import { HeadWatch } from '../http/request-head.js';
import type { Front } from './front.js';
import type { Parent } from './place.js';

/** Milliseconds until the parent is told that connections have ended. */
const TELL_MS = 20;

export class WorkerFront implements Front {
  readonly margin = 0;
  readonly #parent: Parent;
  readonly #stays: boolean;
  #connections = 0;
  #closed = false;
  #telling: NodeJS.Timeout | undefined;

  /** @param stays connections cannot be served by another process once their first bytes were read. */
  constructor(parent: Parent, stays: boolean) {
    this.#parent = parent;
    this.#stays = stays;
  }

  get address(): Front['address'] {
    return this.#parent.address;
  }

  async open(take: (socket: Socket, moved: boolean) => void): Promise<void> {
    const { channel } = this.#parent;
    channel.on('connection', ({ moved }, socket) => {
      if (socket !== undefined) this.#connections++;
      channel.send('taken', { connections: this.#connections });
      if (socket === undefined) return;
      socket.once('close', this.#oneLess);
      if (this.#closed) {
        // As it is with those that have no request when a server stops.
        socket
          .once('error', () => socket.destroy())
          .resume()
          .end(() => socket.destroy());
        return;
      }
      // As Node's server does with its own.
      socket.allowHalfOpen = true;
      socket.setNoDelay(true);
      take(socket, moved);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#parent.channel.send('closes', {});
  }

  cut(): void {}

  /**
   * Gives a connection back to the parent, with all that was not read of it. One that cannot go stays, for its next request
   * or until it has been idle for too long: the client was not told that it ends.
   * @returns false if it ends.
   */
  readonly handOver = (socket: WsgiSocket): boolean => {
    if (socket[kConnection]?.ending || socket.destroyed || !socket.writable || !socket.readable) return false;
    if (this.#stays || hasUnsent(socket)) return true;
    const head = HeadWatch.of(socket)?.seen ?? 'nothing';
    // A part of the next request was read: it is served here, and then asked for again.
    if (head !== 'nothing' || socket.readableLength > 0) return true;
    stopReading(socket);
    withoutServer(socket);
    this.#parent.channel.send('returned', {}, socket, false, () => socket.destroy());
    return true;
  };

  readonly #oneLess = (): void => {
    this.#connections--;
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined;
      this.#parent.channel.send('connections', { connections: this.#connections });
    }, TELL_MS).unref();
  };
}
