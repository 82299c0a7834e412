/** `toNodeHandler`: a WSGI application as a request listener, for `http.createServer`, Express, Koa and others. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Application } from '../../../environ/types.js';
import { openHostedChannels } from '../../channels/server-channels.js';
import type { WsgiSocket } from '../../http/connection.js';
import { NODE_OPTIONS, resolveHostedOptions } from '../../options/gateway-options.js';
import type { ServerOptions } from '../../options/options.js';
import { callInThreads } from '../../threads/io/remote-runner.js';
import { type NamedApplication, openPool } from '../hosted-pool.js';
import { isBroken, refuseBroken } from './broken-request.js';
import { HostedGateway } from './hosted-gateway.js';
import { HostedUpgrades } from './hosted-upgrades.js';

type AllOptions = Pick<ServerOptions, (typeof NODE_OPTIONS)[number]>;

/** The application runs on the event loop. */
export interface NodeHandlerOptions extends Omit<AllOptions, 'threads'> {
  readonly threads?: 0 | undefined;
}

/** It is named, and runs in worker threads, where it may block. */
export interface ThreadedNodeHandlerOptions extends AllOptions {
  readonly threads: number;
}

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
   * call ends the WebSockets that are left, and what still runs in threads. The threads end with it.
   */
  readonly close: () => Promise<void>;
  /**
   * Resolves when the first thread has the application, without threads at once, and what `channels` names is open; rejects
   * with a ConfigError if that cannot be, which is logged as well. Requests wait for the application.
   */
  readonly ready: Promise<void>;
}

/**
 * The gateway on somebody else's server. SCRIPT_NAME is where the host mounted it (`req.baseUrl`), unless the option
 * `scriptName` says otherwise.
 * @param application with the option `threads` its name, `./site.js:app` as the command has it, or the URL of such a path:
 *   each thread loads it, and it may block there as in Python.
 * @throws ConfigError for options that cannot work, or are the server's; an application that is not a function, or with
 *   threads not a name.
 */
export function toNodeHandler(application: Application, options?: NodeHandlerOptions): NodeHandler;
export function toNodeHandler(
  application: NamedApplication,
  options: ThreadedNodeHandlerOptions,
): NodeHandler;
export function toNodeHandler(
  application: Application | NamedApplication,
  options: NodeHandlerOptions | ThreadedNodeHandlerOptions = {},
): NodeHandler {
  const resolved = resolveHostedOptions('toNodeHandler', NODE_OPTIONS, options);
  const pool = openPool('toNodeHandler', application, resolved);
  // With threads it is only a name here: they have their own.
  const gateway = new HostedGateway(application as Application, resolved, pool && callInThreads(pool));
  const upgrades = new HostedUpgrades(gateway);
  const channels = openHostedChannels(resolved.channels, pool);
  // Hosts such as h3 count the parameters: they take a listener of two for done when it returns.
  const handler: (...args: Parameters<NodeHandler>) => void = (message, response, _next) => {
    if (isBroken(message)) refuseBroken(message, response);
    else if (!upgrades.arrive(message, response)) gateway.handle(message, response);
  };
  return Object.assign(handler, {
    upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) =>
      upgrades.enter(message, socket as WsgiSocket, head),
    close: async () => {
      if (gateway.service.stopping) {
        upgrades.terminate();
        await pool?.close();
      } else upgrades.goAway();
      await gateway.service.running.idle;
      await pool?.close();
      await channels.close();
    },
    ready: channels.ready,
  });
}
