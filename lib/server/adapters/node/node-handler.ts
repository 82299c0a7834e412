/** `toNodeHandler`: a WSGI application as a request listener, for `http.createServer`, Express, Koa and others. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Application } from '../../../environ/types.js';
import { checkApplication } from '../../../interpreter/application-faults.js';
import type { WsgiSocket } from '../../http/connection.js';
import { NODE_OPTIONS, resolveHostedOptions } from '../../options/gateway-options.js';
import type { ServerOptions } from '../../options/options.js';
import { HostedGateway } from './hosted-gateway.js';
import { HostedUpgrades } from './hosted-upgrades.js';

export type NodeHandlerOptions = Pick<ServerOptions, (typeof NODE_OPTIONS)[number]>;

export interface NodeHandler {
  /** Answers the request, errors included: `next` is never called. */
  (message: IncomingMessage, response: ServerResponse, next?: (error?: unknown) => void): void;
  /**
   * For `server.on('upgrade', handler.upgrade)`: brings WebSocket handshakes through the host to where this handler is
   * mounted. Once for a server is enough, however many handlers it has.
   */
  readonly upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /**
   * The server stops: each response closes its connection, and WebSockets end as in `Server.close()`: a handler may answer
   * the message that it works on, then gets null, and its peer 1001. Resolves when no handler runs any more; the second
   * call ends the WebSockets that are left.
   */
  readonly close: () => Promise<void>;
}

/**
 * The gateway on somebody else's server. SCRIPT_NAME is where the host mounted it (`req.baseUrl`), unless the option
 * `scriptName` says otherwise.
 * @throws ConfigError for options that cannot work, or are the server's; an application that is not a function.
 */
export function toNodeHandler(application: Application, options: NodeHandlerOptions = {}): NodeHandler {
  checkApplication(application);
  const gateway = new HostedGateway(
    application,
    resolveHostedOptions('toNodeHandler', NODE_OPTIONS, options),
  );
  const upgrades = new HostedUpgrades(gateway);
  const handler = (message: IncomingMessage, response: ServerResponse): void => {
    if (!upgrades.arrive(message, response)) gateway.handle(message, response);
  };
  return Object.assign(handler, {
    upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      upgrades.enter(message, socket as WsgiSocket, head),
    close: () => {
      if (gateway.service.stopping) upgrades.terminate();
      else upgrades.goAway();
      return gateway.service.running.idle;
    },
  });
}
