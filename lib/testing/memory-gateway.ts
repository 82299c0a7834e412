/** The gateway for one WebSocket in memory: its own upgrade path, on a connection that is a pair of streams. */

import type { Duplex } from 'node:stream';
import type { Application } from '../environ/types.js';
import { report } from '../interpreter/report.js';
import { createServer } from '../node-http.js';
import type { WsgiSocket } from '../server/http/connection.js';
import { Gateway } from '../server/http/gateway.js';
import { resolveOptions } from '../server/options/options.js';
import { Upgrades } from '../server/websocket/upgrade.js';
import { MemoryErrors } from '../util/testing-defaults.js';
import { duplexPair } from './duplex-pair.js';
import type { EnvironBuilder } from './environ-builder.js';
import { keepErrors } from './memory-exchange.js';

/** No timers: a test takes its time, and nothing of it may outlive it. */
const OPTIONS = { timeout: 0, websocketPingInterval: 0, ident: '' };

export class MemoryGateway {
  /** What the application threw first. */
  thrown: { readonly error: unknown } | undefined;
  /** Settles when the application and the connection are done; never rejects. */
  readonly over: Promise<void>;
  readonly #gateway: Gateway;
  #errors = new MemoryErrors();
  #near: Duplex | undefined;
  #upgrades: Upgrades | undefined;

  constructor(application: Application, builder: EnvironBuilder, throwErrors: boolean) {
    let finish = () => {};
    this.over = new Promise((resolve) => {
      finish = resolve;
    });
    this.#gateway = new Gateway(application, {
      options: resolveOptions(OPTIONS),
      errors: new MemoryErrors(),
      serverName: undefined,
      keepAlive: undefined,
      host: {
        describe: ({ message }, { aborter = new AbortController(), earlyHints }) => {
          const environ = builder.buildWith(undefined, aborter, earlyHints, message.rawHeaders);
          this.#errors = keepErrors(environ);
          return environ;
        },
        over: finish,
      },
      report: (message, ...thrown) => {
        if (!throwErrors || thrown.length === 0) report(message, ...thrown);
        else this.thrown ??= { error: thrown[0] };
      },
    });
  }

  /** What was written to `wsgi.errors`. */
  get errors(): string {
    return this.#errors.text;
  }

  /** The client's end of a connection to this gateway. */
  connect(): Duplex {
    const [near, far] = duplexPair();
    // It never listens: it only parses, and takes the connection that it is given (`net.Server`, event `connection`).
    const server = createServer({ connectionsCheckingInterval: 0 });
    const gateway = this.#gateway;
    const upgrades = new Upgrades(gateway, (socket) => server.emit('connection', socket));
    server.on('request', gateway.handle.bind(gateway));
    server.on('upgrade', (message, socket, rest) => upgrades.handle(message, socket as WsgiSocket, rest));
    server.emit('connection', far);
    this.#upgrades = upgrades;
    this.#near = near;
    return near;
  }

  /** Ends the connection, which the server keeps for a next request. */
  drop(): void {
    this.#near?.destroy();
  }

  /** The server stops. */
  goAway(): void {
    this.#upgrades?.goAway();
  }
}
