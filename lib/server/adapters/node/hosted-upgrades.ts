/**
 * Upgrades through a host: it routes a WebSocket handshake as any other GET, with its mount points and middleware, and
 * the handler that it ends at opens the door.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ignore } from '../../../environ/maybe-promise.js';
import type { WsgiSocket } from '../../http/connection.js';
import { respondOn } from '../../http/detached-response.js';
import { responseOn, serverOf } from '../../http/node-internals.js';
import { hasBody } from '../../http/request-head.js';
import { isWebSocketRequest } from '../../websocket/handshake.js';
import { Upgrades } from '../../websocket/upgrade.js';
import type { HostedGateway } from './hosted-gateway.js';

/** On a request: it is on its way through the host, with the bytes that came after its head. */
const kRest = Symbol('wsgi upgrade');

/** The same, of one with a body: it goes the way of all others. */
const kBody = Symbol('wsgi upgrade with a body');

interface UpgradeMessage extends IncomingMessage {
  [kRest]?: Buffer;
  [kBody]?: boolean;
}

export class HostedUpgrades {
  readonly #gateway: HostedGateway;
  readonly #upgrades: Upgrades;

  constructor(gateway: HostedGateway) {
    this.#gateway = gateway;
    this.#upgrades = new Upgrades(gateway, (socket) => this.#readmit(socket));
  }

  /** Listener of `upgrade`. Of several handlers on one server, the first brings it to the host. */
  enter(message: UpgradeMessage, socket: WsgiSocket, rest: Buffer): void {
    if (message[kRest] !== undefined || message[kBody]) return;
    if (holdsBody(message)) {
      this.#routeBody(message);
      return;
    }
    message[kRest] = rest;
    this.#gateway.connectionOf(socket);
    whenFree(socket, () => {
      if (isWebSocketRequest(message)) this.#route(message, socket);
      else this.#upgrades.handle(message, socket, rest);
    });
  }

  /** Serves a request that the host brought here; false if `enter` did not send it. */
  arrive(message: UpgradeMessage, response: ServerResponse): boolean {
    const rest = message[kRest];
    if (rest === undefined || response.headersSent || response.destroyed) return false;
    const connection = this.#gateway.connectionOf(message.socket);
    connection.enter(() => this.#upgrades.serve(connection, message, rest, response));
    return true;
  }

  goAway(): void {
    this.#upgrades.goAway();
  }

  terminate(): void {
    this.#upgrades.terminate();
  }

  /** A handshake that is refused, by the host or the application, ends its connection. */
  #route(message: UpgradeMessage, socket: WsgiSocket): void {
    const response = respondOn(socket, message, false, ignore);
    const server = serverOf(socket);
    if (server === undefined) this.arrive(message, response);
    else server.emit('request', message, response);
  }

  /** No WebSocket, for that has no body: it is an ordinary request, and the last of its connection. */
  #routeBody(message: UpgradeMessage): void {
    const { socket } = message;
    message[kBody] = true;
    message.rawHeaders = message.rawHeaders.filter(
      (_, i, all) => !/^upgrade$/i.test(all[i - (i % 2)] as string),
    );
    delete message.headers.upgrade;
    this.#gateway.connectionOf(socket);
    whenFree(socket, () => {
      serverOf(socket)?.emit('request', message, respondOn(socket, message, false, ignore));
    });
  }

  /** An upgrade to something else is an ordinary request, which the host gets without the Upgrade. */
  #readmit(socket: WsgiSocket): void {
    // It may end anywhere in the host: what it was must not be put into a later request.
    this.#gateway.connectionOf(socket).upgradeHeaders = undefined;
    const server = serverOf(socket);
    // One of `node:tls`, which takes long to load.
    const isTls = server !== undefined && 'setSecureContext' in server;
    server?.emit(isTls ? 'secureConnection' : 'connection', socket);
  }
}

/** Newer Nodes (26) read the body of a request with an Upgrade; with older ones it is a part of the bytes after the head. */
function holdsBody(message: IncomingMessage): boolean {
  return hasBody(message) && (!message.complete || message.readableLength > 0);
}

/** Requests before it on the same connection may still be answered by the host. */
function whenFree(socket: WsgiSocket, work: () => void): void {
  if (socket.destroyed) return;
  const busy = responseOn(socket);
  if (busy !== undefined) busy.once('close', () => setImmediate(() => whenFree(socket, work)));
  else work();
}
