/** The connections of a server: all of them, and how a stop ends those that have no request. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import {
  type HandOver,
  kConnection,
  kTellsClose,
  lingeringClose,
  onSocket,
  type WsgiSocket,
} from './connection.js';
import { belowTls, restore, silence } from './node-internals.js';

/** Milliseconds that a connection without a request stays half open after a stop. */
const IDLE_LINGER_MS = 250;

export class ServerSockets {
  /** Node does not count those that are still in their TLS handshake. */
  readonly #open = new Set<WsgiSocket>();
  /** Those that a stop has ended. */
  readonly #ended = new Set<Socket>();
  #onEmpty: (() => void)[] = [];
  readonly #onClose = onSocket((socket) => this.#remove(socket));

  /** Listener of `connection` and `secureConnection`. One that was handed back to the HTTP server comes again. */
  readonly add = (socket: WsgiSocket): void => {
    // Its handshake came to an end after the stop.
    if (this.#ended.has(belowTls(socket) as Socket)) socket.destroy();
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket[kTellsClose] = true;
    socket.on('close', this.#onClose);
  };

  #remove(socket: WsgiSocket): void {
    this.#open.delete(socket);
    this.#ended.delete(socket);
    if (this.#open.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    socket[kConnection]?.closed();
  }

  get size(): number {
    return this.#open.size;
  }

  /** Resolves when there are none. */
  get empty(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onEmpty.push(resolve));
  }

  /** Gives those that have no request to another process, where that can be. */
  handOverIdle(handOver: HandOver): void {
    for (const socket of this.#open) if (isIdle(socket)) handOver(socket);
  }

  /**
   * Stops listening, and ends what has no request: idle connections, those with an unfinished head or TLS handshake. A
   * request may be on its way on them: it has to meet an orderly close, for there are proxies (haproxy 2.6) that try
   * elsewhere then, but take a reset for an error.
   */
  endIdle(http: HttpServer): void {
    // Node would destroy those that it finds idle.
    for (const socket of this.#open) silence(socket, 'destroy');
    http.close();
    for (const socket of this.#open) restore(socket, 'destroy');
    const carriers = new Set([...this.#open].map(belowTls));
    for (const socket of this.#open) if (!carriers.has(socket) && isIdle(socket)) this.#end(socket);
    setTimeout(destroyAll, IDLE_LINGER_MS, this.#ended).unref();
  }

  destroy(): void {
    destroyAll(this.#open);
  }

  #end(socket: WsgiSocket): void {
    const connection = socket[kConnection];
    // One that still sends what was not read of an answered request gets the time to read the answer.
    if (!connection?.ending && connection?.unread?.complete !== false) this.#ended.add(socket);
    lingeringClose.call(socket);
  }
}

/** It has no request: nothing came on it, or only a part of a head, or all that came is answered. */
function isIdle(socket: WsgiSocket): boolean {
  const connection = socket[kConnection];
  // A request that is put back to be parsed again is between two owners.
  return connection === undefined || (connection.idle && connection.upgradeHeaders === undefined);
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
