/** Listening and serving: `makeServer` as in `wsgiref.simple_server`, and the graceful stop. */
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type ServerOptions as NodeOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { TextErrorStream } from '../environ/error-stream.js';
import type { Application, BlockingApplication } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { logger } from '../logger.js';
import { openAccessLog } from './access-log.js';
import { ThreadPool } from './blocking/pool.js';
import { thisScript } from './blocking/this-script.js';
import { attachToThread } from './blocking/this-thread.js';
import type { ThreadEntry } from './blocking/thread-data.js';
import { ThreadedGateway } from './blocking/threaded-gateway.js';
import { checkApplication } from './check-application.js';
import { hostLiteral, lingeringClose, type WsgiSocket } from './connection.js';
import { Gateway, type GatewaySettings } from './gateway.js';
import { listenError } from './listen-error.js';
import { type LogTarget, openLog } from './log-file.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions, type ThreadOptions } from './options.js';
import { Upgrades } from './upgrade.js';
import { isWebSocketRequest } from './websocket-handshake.js';
import { WsgiRequest } from './wsgi-request.js';
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
  readonly #pool: ThreadPool | undefined;
  readonly #errorLog: LogTarget;
  readonly #closed: Promise<void>;
  /** All of them: Node does not count those that are still in their TLS handshake. */
  readonly #sockets = new Set<Socket>();
  #closing: Promise<void> | undefined;

  /** @param entry where threads find the application; default: the script that this process runs. */
  constructor(application: Application | BlockingApplication, options: ResolvedOptions, entry?: ThreadEntry) {
    checkApplication(application);
    this.options = options;
    this.#errorLog = openLog(options.errorLogfile, process.stderr);
    if (options.errorLogfile !== '-') logger.stream = this.#errorLog;
    const { accessLogfile, host, serverName, socketPath } = options;
    const fixedName = socketPath !== undefined || EVERY_INTERFACE.has(host) ? undefined : hostLiteral(host);
    const settings: GatewaySettings = {
      options,
      errors: new TextErrorStream(this.#errorLog),
      accessLog: accessLogfile === undefined ? undefined : openAccessLog(accessLogfile),
      serverName: serverName === undefined ? fixedName : hostLiteral(serverName),
      keepAlive: options.keepAlive * 1000,
    };
    this.http = createServer(options);
    // Behind all that can fail: threads would go on.
    this.#pool = options.threads === 0 ? undefined : this.#openPool(entry ?? thisScript());
    // With threads it is only a name here: they have their own.
    const called = application as Application;
    this.#gateway =
      this.#pool === undefined
        ? new Gateway(called, settings)
        : new ThreadedGateway(called, settings, this.#pool);
    const secure = options.certfile !== undefined;
    this.#upgrades = new Upgrades(this.#gateway, (socket) => {
      this.http.emit(secure ? 'secureConnection' : 'connection', socket);
    });
    this.#attach();
    this.#closed = new Promise((resolve) => this.http.once('close', resolve));
    this.listening = this.#pool === undefined ? this.#listen() : this.#listenWithThreads(this.#pool);
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

  /**
   * The application for all requests from now on.
   * @throws ConfigError if it runs in threads, which load their own.
   */
  setApp(application: Application): void {
    checkApplication(application);
    if (this.#pool !== undefined) throw new ConfigError('setApp() cannot reach the application of threads');
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
    await this.#pool?.close();
    this.#gateway.accessLog?.close();
    if (logger.stream === this.#errorLog) logger.stream = process.stderr;
    this.#errorLog.close?.();
  }

  #openPool(entry: ThreadEntry): ThreadPool {
    const { environ: _, ...options } = this.options;
    return new ThreadPool({
      threads: options.threads,
      backlog: options.backlogRequests,
      timeout: options.timeout * 1000,
      entry,
      options,
      onFatal: (error) => {
        logger.critical(error.message);
        process.exitCode = 1;
        void this.close();
      },
    });
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

  /** It listens at once, and requests wait for the first thread that is ready. */
  async #listenWithThreads(pool: ThreadPool): Promise<void> {
    try {
      await this.#listen();
      await pool.ready;
    } catch (error) {
      this.http.close();
      this.#cutOff();
      await pool.close();
      throw error;
    }
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
 * With `threads` it needs a script of its own, which each thread loads again: see `run`.
 * @throws ConfigError for options that cannot work, an application that is no function, an address in use.
 */
export function makeServer(
  host: string,
  port: number,
  application: Application,
  options?: ServerOptions,
): Server & PromiseLike<Server>;
export function makeServer(
  host: string,
  port: number,
  application: BlockingApplication,
  options: ThreadOptions,
): Server & PromiseLike<Server>;
export function makeServer(
  host: string,
  port: number,
  application: Application | BlockingApplication,
  options: ServerOptions = {},
): Server & PromiseLike<Server> {
  if (options.threads && attachToThread(application, options.environ)) return serverElsewhere();
  const place = host.startsWith('unix:') ? { bind: host } : { host, port };
  return awaitable(new Server(application, resolveOptions({ ...options, ...place })));
}

/** What a script gets in a thread: the server is the main thread's, and nothing that is awaited here ever comes. */
function serverElsewhere(): Server & PromiseLike<Server> {
  const never = new Promise<never>(() => {});
  const elsewhere = { listening: never, serveForever: () => never, close: () => never };
  return awaitable(Object.assign(Object.create(Server.prototype) as Server, elsewhere));
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

function destroy(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

function createServer(options: ResolvedOptions): HttpServer {
  const { certfile, keyfile, headersTimeout, requestTimeout, limitRequestHead } = options;
  const settings: NodeOptions<typeof WsgiRequest, typeof WsgiResponse> & {
    shouldUpgradeCallback: typeof isWebSocketRequest;
  } = {
    headersTimeout,
    requestTimeout,
    // The gateway sees to that.
    keepAliveTimeout: 0,
    maxHeaderSize: limitRequestHead,
    // Often enough that a timeout is kept to within a quarter of it.
    connectionsCheckingInterval: checkingInterval(headersTimeout, requestTimeout),
    // Our own checks answer these, with a page and a line in the log.
    requireHostHeader: false,
    IncomingMessage: WsgiRequest,
    ServerResponse: WsgiResponse,
    // Newer Nodes ask which requests to hand over; older ones hand over all that have an Upgrade.
    shouldUpgradeCallback: isWebSocketRequest,
  };
  const http =
    certfile === undefined || keyfile === undefined
      ? createHttpServer(settings)
      : createHttpsServer({ ...settings, ...readTls(certfile, keyfile), allowHalfOpen: true });
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
