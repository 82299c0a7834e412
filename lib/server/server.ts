/** Listening and serving: `makeServer` as in `wsgiref.simple_server`, `run` as in WSocket, and the graceful stop. */
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerOptions as NodeOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { TextErrorStream } from '../environ/error-stream.js';
import type { Application } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { logger } from '../logger.js';
import { openAccessLog } from './access-log.js';
import { checkApplication } from './check-application.js';
import { hostLiteral, lingeringClose, type WsgiSocket } from './connection.js';
import { Gateway } from './gateway.js';
import { listenError } from './listen-error.js';
import { openLog } from './log-file.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.js';
import { reportRejection } from './report.js';
import { Upgrades } from './upgrade.js';
import { isWebSocketRequest } from './websocket-handshake.js';
import { WsgiResponse } from './wsgi-response.js';

/** Milliseconds that an idle connection stays half open after a stop. */
const IDLE_LINGER_MS = 250;

const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::']);

/** A server of one application. Made by `makeServer` and `run`. */
export class Server {
  /** The `node:http` or `node:https` server underneath. */
  readonly http: HttpServer;
  /** Resolves once the server listens; rejects with a ConfigError if it cannot. */
  readonly listening: Promise<void>;
  readonly options: ResolvedOptions;
  readonly #gateway: Gateway;
  readonly #upgrades: Upgrades;
  readonly #closed: Promise<void>;
  /** All of them: Node does not count those that are still in their TLS handshake. */
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | undefined;

  constructor(application: Application, options: ResolvedOptions) {
    checkApplication(application);
    this.options = options;
    const errorLog = openLog(options.errorLogfile, process.stderr);
    if (options.errorLogfile !== '-') logger.stream = errorLog;
    const { accessLogfile, host, serverName, socketPath } = options;
    const fixedName = socketPath !== undefined || EVERY_INTERFACE.has(host) ? undefined : hostLiteral(host);
    this.#gateway = new Gateway(application, {
      options,
      errors: new TextErrorStream(errorLog),
      accessLog: accessLogfile === undefined ? undefined : openAccessLog(accessLogfile),
      serverName: serverName === undefined ? fixedName : hostLiteral(serverName),
    });
    this.http = createServer(options);
    const secure = options.certfile !== undefined;
    this.#upgrades = new Upgrades(this.#gateway, (socket) => {
      this.http.emit(secure ? 'secureConnection' : 'connection', socket);
    });
    this.#attach();
    this.#closed = new Promise((resolve) => this.http.once('close', resolve));
    this.listening = this.#listen();
  }

  /** The port that the server listens on; 0 before it does, and on a Unix socket. */
  get serverPort(): number {
    const address = this.http.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`. */
  get address(): string {
    const { socketPath, host, certfile } = this.options;
    if (socketPath !== undefined) return `unix:${socketPath}`;
    const shown = EVERY_INTERFACE.has(host) ? '127.0.0.1' : host;
    return `${certfile === undefined ? 'http' : 'https'}://${hostLiteral(shown)}:${this.serverPort}`;
  }

  getApp(): Application {
    return this.#gateway.application;
  }

  /** The application for all requests from now on. */
  setApp(application: Application): void {
    checkApplication(application);
    this.#gateway.application = application;
  }

  /** Resolves when the server was closed; rejects if it could not listen. */
  async serveForever(): Promise<void> {
    await this.listening;
    await this.#closed;
    await this.#closing;
  }

  /**
   * Stops gracefully: no new connection is taken, running requests get `gracefulTimeout` to finish, WebSockets are
   * closed with 1001. A second call, while the first waits, stops at once.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) this.#cutOff();
    else this.#closing = this.#stop();
    return this.#closing;
  }

  async #stop(): Promise<void> {
    await this.listening.catch(() => undefined);
    if (!this.http.listening) return;
    this.#gateway.stopping = true;
    const idle = this.#closeIdle();
    this.#upgrades.goAway();
    const linger = setTimeout(() => destroy(idle), IDLE_LINGER_MS);
    const timer = setTimeout(() => this.#cutOff(), this.options.gracefulTimeout * 1000);
    await this.#closed;
    clearTimeout(linger);
    clearTimeout(timer);
    // Node says "closed" ahead of the last sockets, whose requests are still to be logged.
    while (this.#sockets.size > 0) await nextTurn();
    this.#upgrades.heartbeat.stop();
    this.#gateway.accessLog?.close();
  }

  /**
   * Stops listening. A request may be on its way on a connection that is idle: it has to meet an orderly close, for
   * there are proxies (haproxy 2.6) that try elsewhere then, but take a reset for an error.
   */
  #closeIdle(): Set<WsgiSocket> {
    const idle = new Set<WsgiSocket>();
    const close = function (this: WsgiSocket): WsgiSocket {
      idle.add(this);
      lingeringClose.call(this);
      return this;
    };
    // Node knows which ones are idle, but destroys them.
    for (const socket of this.#sockets) socket.destroy = close;
    this.http.close();
    this.http.closeIdleConnections();
    for (const socket of this.#sockets) Reflect.deleteProperty(socket, 'destroy');
    // Opened ahead of need, as browsers do: for Node those are busy.
    for (const socket of this.#sockets) if (socket.bytesRead === 0) close.call(socket);
    return idle;
  }

  #cutOff(): void {
    this.#upgrades.terminate();
    destroy(this.#sockets);
  }

  /** A socket that was handed back to the HTTP server comes again. */
  #keep(socket: Socket): void {
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  #attach(): void {
    const gateway = this.#gateway;
    const { http } = this;
    http.on('connection', this.#keep.bind(this));
    http.on('secureConnection', this.#keep.bind(this));
    http.on('request', gateway.handle.bind(gateway));
    http.on('checkContinue', gateway.handleExpectation.bind(gateway));
    http.on('checkExpectation', gateway.handle.bind(gateway));
    http.on('clientError', (error, socket) => gateway.clientError(error, socket as WsgiSocket));
    http.on('connect', (message, socket) => gateway.refuseConnect(message, socket as WsgiSocket));
    http.on('upgrade', (message, socket, rest) => this.#upgrades.handle(message, socket as WsgiSocket, rest));
  }

  #listen(): Promise<void> {
    const { host, port, socketPath, backlog } = this.options;
    return new Promise((resolve, reject) => {
      this.http.once('error', (error) => reject(listenError(error, this.options)));
      if (socketPath !== undefined) this.http.listen({ path: socketPath, backlog }, resolve);
      else if (host === '') this.http.listen({ port, backlog }, resolve);
      else this.http.listen({ host, port, backlog }, resolve);
    });
  }
}

/**
 * As `wsgiref.simple_server.make_server`. Returns at once; await it to know that it listens:
 * `const server = await makeServer('127.0.0.1', 0, app)`.
 * @param host `''` for every interface, a name, an IPv4 or IPv6 address, or `unix:PATH`.
 * @param port 0 takes a free one, which `serverPort` then tells.
 * @throws ConfigError for options that cannot work, an application that is no function, an address in use.
 */
export function makeServer(
  host: string,
  port: number,
  application: Application,
  options: ServerOptions = {},
): Server & PromiseLike<Server> {
  const place = host.startsWith('unix:') ? { bind: host } : { host, port };
  return awaitable(new Server(application, resolveOptions({ ...options, ...place })));
}

/** Lets a server be awaited until it listens; what comes out is the server itself, no longer awaitable. */
function awaitable(server: Server): Server & PromiseLike<Server> {
  const ready = server.listening.then(() => {
    Reflect.deleteProperty(server, 'then');
    return server;
  });
  const then: PromiseLike<Server>['then'] = (resolved, rejected) => ready.then(resolved, rejected);
  // Whoever asks neither here nor in serveForever() still hears of it: `listening` itself goes unhandled.
  ready.catch(() => undefined);
  return Object.assign(server, { then });
}

/**
 * Runs an application until the process is told to stop (SIGINT, SIGTERM). A promise that one handler left to reject on
 * its own is logged, and does not end the server, as it would by Node's default; neither does a standard stream that takes
 * no more of the log. An exception thrown in a callback does.
 */
export async function serve(application: Application, given: ServerOptions = {}): Promise<Server> {
  if (given.logLevel !== undefined) logger.setLevel(given.logLevel);
  const server = new Server(application, resolveOptions(given));
  await server.listening;
  stopOnSignal(server);
  keepGoing(server);
  console.log(`Server started at ${server.address}`);
  return server;
}

function stopOnSignal(server: Server): void {
  const stop = (signal: NodeJS.Signals) => {
    server.close().then(() => {
      if (stopped) return;
      stopped = true;
      for (const name of STOP_SIGNALS) process.removeListener(name, stop);
      console.log('Server stopped.');
      // The signal was meant for the process; where nobody else handles it, it ends.
      if (process.listenerCount(signal) === 0) process.exit(0);
    });
  };
  let stopped = false;
  for (const name of STOP_SIGNALS) process.on(name, stop);
  server.http.once('close', () => {
    setImmediate(() => {
      for (const name of STOP_SIGNALS) process.removeListener(name, stop);
    });
  });
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

let serving = 0;

/** What ends a process of Node by default, and should not end a server: for as long as there is one. */
function keepGoing(server: Server): void {
  if (serving++ === 0) {
    process.on('unhandledRejection', reportRejection);
    for (const log of [process.stdout, process.stderr]) log.on('error', ignore);
  }
  server.http.once('close', () => {
    if (--serving > 0) return;
    process.removeListener('unhandledRejection', reportRejection);
    // The last lines of the log fail in a later turn.
    setImmediate(() => {
      if (serving > 0) return;
      for (const log of [process.stdout, process.stderr]) log.removeListener('error', ignore);
    });
  });
}

/** Nobody reads the log any more, or its disk is full. */
function ignore(): void {}

function destroy(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

function createServer(options: ResolvedOptions): HttpServer {
  const { certfile, keyfile, headersTimeout, requestTimeout, keepAlive, limitRequestHead } = options;
  const settings: NodeOptions<typeof IncomingMessage, typeof WsgiResponse> & {
    shouldUpgradeCallback: typeof isWebSocketRequest;
  } = {
    headersTimeout,
    requestTimeout,
    keepAliveTimeout: keepAlive * 1000,
    maxHeaderSize: limitRequestHead,
    // Often enough that a timeout is kept to within a quarter of it.
    connectionsCheckingInterval: checkingInterval(headersTimeout, requestTimeout),
    // Our own checks answer these, with a page and a line in the log.
    requireHostHeader: false,
    ServerResponse: WsgiResponse,
    // Newer Nodes ask which requests to hand over; older ones hand over all that have an Upgrade.
    shouldUpgradeCallback: isWebSocketRequest,
  };
  const http =
    certfile === undefined || keyfile === undefined
      ? createHttpServer(settings)
      : createHttpsServer({ ...settings, ...readTls(certfile, keyfile) });
  // Node would cut the list silently; the gateway counts and refuses.
  http.maxHeadersCount = 0;
  // A client that has shut down its sending side still gets its response.
  Object.assign(http, { httpAllowHalfOpen: true });
  return http as HttpServer;
}

function checkingInterval(...timeouts: number[]): number {
  const shortest = Math.min(...timeouts.filter((timeout) => timeout > 0), 120_000);
  return Math.max(50, Math.floor(shortest / 4));
}

function readTls(certfile: string, keyfile: string): { cert: Buffer; key: Buffer } {
  const read = (name: string, path: string) => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConfigError(`The ${name} ${path} cannot be read: ${(error as Error).message}`);
    }
  };
  const tls = { cert: read('certfile', certfile), key: read('keyfile', keyfile) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw new ConfigError(
      `The certfile ${certfile} cannot be used with the keyfile ${keyfile}: ${(error as Error).message}`,
    );
  }
  return tls;
}
