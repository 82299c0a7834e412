/** The gateway for one WebSocket in memory: its own upgrade path, on a connection that is a pair of streams. */
import { createServer, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestServices } from '../environ/environ.js';
import type { Application, Environ } from '../environ/types.js';
import { report } from '../interpreter/report.js';
import type { Connection, WsgiSocket } from '../server/http/connection.js';
import { Gateway } from '../server/http/gateway.js';
import type { HttpSink } from '../server/http/http-sink.js';
import { resolveOptions } from '../server/options/options.js';
import { Upgrades } from '../server/websocket/upgrade.js';
import { MemoryErrors } from '../util/testing-defaults.js';
import { duplexPair } from './duplex-pair.js';
import type { EnvironBuilder } from './environ-builder.js';
import { keepErrors } from './memory-exchange.js';

/** No timers: a test takes its time, and nothing of it may outlive it. */
const OPTIONS = { timeout: 0, websocketPingInterval: 0, ident: '' };

export class MemoryGateway extends Gateway {
  /** What the application threw first. */
  thrown: { readonly error: unknown } | undefined;
  /** Settles when the application and the connection are done; never rejects. */
  readonly over: Promise<void>;
  readonly #builder: EnvironBuilder;
  #errors = new MemoryErrors();
  #near: Duplex | undefined;
  #upgrades: Upgrades | undefined;
  #finish: () => void = () => {};

  constructor(application: Application, builder: EnvironBuilder, throwErrors: boolean) {
    super(application, {
      options: resolveOptions(OPTIONS),
      errors: new MemoryErrors(),
      serverName: undefined,
      keepAlive: undefined,
    });
    this.#builder = builder;
    this.over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.report = (message, ...thrown) => {
      if (!throwErrors || thrown.length === 0) report(message, ...thrown);
      else this.thrown ??= { error: thrown[0] };
    };
  }

  override readonly report: typeof report;

  /** What was written to `wsgi.errors`. */
  get errors(): string {
    return this.#errors.text;
  }

  /** The client's end of a connection to this gateway. */
  connect(): Duplex {
    const [near, far] = duplexPair();
    // It never listens: it only parses, and takes the connection that it is given (`net.Server`, event `connection`).
    const server = createServer({ connectionsCheckingInterval: 0 });
    const upgrades = new Upgrades(this, (socket) => server.emit('connection', socket));
    server.on('request', this.handle.bind(this));
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

  override left(sink: HttpSink): void {
    super.left(sink);
    this.#finish();
  }

  protected override describe(
    message: IncomingMessage,
    _connection: Connection,
    { aborter = new AbortController(), earlyHints }: RequestServices,
  ): Environ {
    const environ = this.#builder.buildWith(undefined, aborter, earlyHints, message.rawHeaders);
    this.#errors = keepErrors(environ);
    return environ;
  }
}
