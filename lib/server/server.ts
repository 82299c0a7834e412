/** Listening and serving: `makeServer` as in `wsgiref.simple_server`, and the graceful stop. */
import type { Server as HttpServer } from 'node:http';
import { ignore } from '../environ/maybe-promise.js';
import type { Application } from '../environ/types.js';
import { CLOSE_CODE } from '../environ/websocket/link.js';
import { ConfigError } from '../errors.js';
import { checkApplication } from '../interpreter/application-faults.js';
import { logger } from '../logger.js';
import { ServerChannels } from './channels/server-channels.js';
import type { HandOver, WsgiSocket } from './http/connection.js';
import { Gateway, type GatewaySettings } from './http/gateway.js';
import { createServer } from './http/http-server.js';
import { withInherited } from './http/inherited-socket.js';
import { listen } from './http/listen.js';
import { readProxyHeaders } from './http/proxy-header.js';
import { ServerSockets } from './http/server-sockets.js';
import { openAccessLog } from './log/access-log.js';
import { ErrorLog } from './log/error-log.js';
import {
  type ResolvedOptions,
  refusePythonOptions,
  resolveOptions,
  type ServerOptions,
  type ThreadOptions,
} from './options/options.js';
import { fixedServerName, serverAddress } from './server-name.js';
import { StatusSource } from './status/status-source.js';
import type { ThreadPool } from './threads/io/pool.js';
import type { ThreadEntry } from './threads/shared/thread-data.js';
import { attachToThread } from './threads/worker/thread.js';
import { Upgrades } from './websocket/upgrade.js';
import type { Front, Place, RunningCount } from './workers/front.js';

/** A server of one application. Made by `makeServer` and `run`. */
export class Server {
  /** The `node:http` or `node:https` server underneath. */
  readonly http: HttpServer;
  /** Resolves once the server listens; rejects with a ConfigError if it cannot. */
  readonly listening: Promise<void>;
  readonly options: ResolvedOptions;
  /** @internal */
  readonly status: StatusSource | undefined;
  readonly #gateway: Gateway;
  readonly #upgrades: Upgrades;
  readonly #entry: ThreadEntry | undefined;
  #pool: ThreadPool | undefined;
  readonly #errorLog: ErrorLog;
  readonly #closed: Promise<void>;
  readonly #sockets = new ServerSockets();
  readonly #listened: (() => unknown) | undefined;
  readonly #front: Front | undefined;
  readonly #serves: boolean;
  /** Workers let their parent carry topics to other servers. */
  readonly #channels: ServerChannels;
  /** It listens, and has its threads. */
  #begun = false;
  #closing: Promise<void> | undefined;
  /** Settles when the stop waits for nothing any more. */
  readonly #cut: Promise<void>;
  #onCut: () => void = ignore;

  /**
   * @param entry where threads find the application; default: the script that this process runs.
   * @param place default: it listens by itself.
   */
  constructor(
    application: Application | Application<'blocking'>,
    given: ResolvedOptions,
    entry?: ThreadEntry,
    { front, served, listened }: Place = {},
  ) {
    checkApplication(application);
    const options = withInherited(given);
    this.options = options;
    this.#listened = listened;
    this.#errorLog = new ErrorLog(options);
    const settings: GatewaySettings = {
      options,
      errors: this.#errorLog.errors,
      accessLog: openAccessLog(options),
      serverName: fixedServerName(options),
      keepAlive: options.keepAlive * 1000,
      served,
    };
    this.#front = front;
    this.#serves = front === undefined || served !== undefined;
    this.#entry = entry;
    this.#channels = new ServerChannels(served === undefined ? options.channels : undefined);
    this.http = createServer(options);
    const load = () => ({ ...this.running, pool: this.#pool?.load, channels: this.#channels.status });
    this.status = options.statusPath === undefined ? undefined : new StatusSource(load);
    const counted = { counters: this.status?.counters, statusPage: this.status?.page(options) };
    this.#gateway = new Gateway(application as Application, { ...settings, ...counted });
    const secure = options.certfile !== undefined;
    this.#upgrades = new Upgrades(this.#gateway, (socket) => {
      this.http.emit(secure ? 'secureConnection' : 'connection', socket);
    });
    this.#attach();
    this.#closed = new Promise((resolve) => this.http.once('close', resolve));
    this.#cut = new Promise((resolve) => {
      this.#onCut = resolve;
    });
    this.listening = this.#begin();
  }

  /** The port that the server listens on; 0 before it does, and on a Unix socket. */
  get serverPort(): number {
    const address = this.#bound;
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /**
   * `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`: a host name as it was given, else the address that it really
   * listens on, which is `0.0.0.0` or `[::]` for all interfaces.
   */
  get address(): string {
    return serverAddress(this.options, this.#bound);
  }

  get #bound(): ReturnType<HttpServer['address']> {
    return this.#front === undefined ? this.http.address() : this.#front.address;
  }

  get #hasThreads(): boolean {
    return this.options.threads > 0 && this.#serves;
  }

  getApp(): Application {
    return this.#gateway.service.application;
  }

  /**
   * The application for all requests from now on.
   * @throws ConfigError if it runs in threads, which load their own.
   */
  setApp(application: Application): void {
    checkApplication(application);
    if (this.#hasThreads) throw new ConfigError('setApp() cannot reach the application of threads');
    if (!this.#serves) throw new ConfigError('setApp() cannot reach the application of workers');
    this.#gateway.service.application = application;
  }

  /** What a graceful stop waits for: the handlers that run, also those whose client has closed the connection. */
  get running(): RunningCount {
    const elsewhere = this.#front?.running ?? { requests: 0, webSockets: 0 };
    const webSockets = this.#upgrades.running;
    const requests = this.#gateway.service.running.count - webSockets;
    return { requests: requests + elsewhere.requests, webSockets: webSockets + elsewhere.webSockets };
  }

  /** @internal `2 requests and 1 WebSocket`; empty where nothing runs. */
  describeRunning(): string {
    const { requests, webSockets } = this.running;
    const count = (n: number, what: string) => (n === 0 ? [] : [`${n} ${what}${n === 1 ? '' : 's'}`]);
    return [...count(requests, 'request'), ...count(webSockets, 'WebSocket')].join(' and ');
  }

  /** Resolves when the server was closed; rejects if it could not listen. */
  async serveForever(): Promise<void> {
    await this.listening;
    await this.#closed;
    await this.#closing;
  }

  /**
   * Stops gracefully: no new connection is taken, those without a request end, and all that runs gets `gracefulTimeout`
   * to finish. A WebSocket handler may answer the message that it works on: its next `receive()` gives null, and the peer
   * gets 1001. Resolves after the last handler, also where its client has closed the connection. A second call, while the
   * first waits, stops at once.
   */
  close(): Promise<void> {
    if (this.#closing !== undefined) this.#cutOff();
    else this.#closing = this.#stop();
    return this.#closing;
  }

  /**
   * @internal Another process goes on: connections without a request are given to it, each when it has none. Those that
   * have to stay, over TLS, get the time that idle ones have for a last request. WebSockets are closed with 1012.
   */
  leave(handOver: HandOver): Promise<void> {
    this.#closing ??= this.#stop(handOver);
    return this.#closing;
  }

  /** @internal Calls back when so many more requests have begun. */
  after(requests: number, callback: () => void): void {
    Object.assign(this.#gateway.service.running, { left: requests, onLast: callback });
  }

  async #stop(handOver?: HandOver): Promise<void> {
    this.#pool?.giveUpLoading();
    // At once, where it can be: a request that comes after the call is not begun.
    if (!this.#begun) await (this.#front?.giveUp?.() ?? this.listening.catch(ignore));
    if (!this.#begun || (this.#front === undefined && !this.http.listening)) return;
    const { service } = this.#gateway;
    service.stopping = true;
    service.handOver = handOver;
    const grace = this.options.gracefulTimeout * 1000 + (this.#front?.margin ?? 0);
    const end = performance.now() + grace;
    const timer = setTimeout(() => this.#overdue(), grace);
    let idleTimer: NodeJS.Timeout | undefined;
    if (handOver === undefined) this.#sockets.endIdle(this.http);
    else {
      const rest = Math.min(this.options.keepAlive * 1000, grace);
      service.chanceUntil = performance.now() + rest - 5;
      this.#sockets.handOverIdle(handOver);
      idleTimer = setTimeout(() => this.#sockets.endIdle(this.http), rest);
    }
    this.#upgrades.goAway(handOver === undefined ? CLOSE_CODE.goingAway : CLOSE_CODE.serviceRestart);
    await (this.#front === undefined ? this.#closed : this.#front.close());
    // Node says "closed" before the last sockets are, whose requests are still to be logged.
    await this.#sockets.empty;
    // Their handlers may still clean up.
    await Promise.race([service.running.idle, this.#cut]);
    clearTimeout(timer);
    clearTimeout(idleTimer);
    if (this.#front !== undefined) this.http.close();
    this.#upgrades.heartbeat.stop();
    await this.#pool?.close(Math.max(0, end - performance.now()), this.#cut);
    // Last of all: handlers may publish until they end.
    await this.#channels.close();
    this.#release();
  }

  #release(): void {
    this.status?.stop();
    this.#gateway.service.accessLog?.close();
    this.#errorLog.close();
  }

  async #openPool(): Promise<void> {
    const { openPool } = await import('./threads/io/open-pool.js');
    const { pool, call } = openPool(this.#entry, this.options, () => void this.close());
    this.#pool = pool;
    this.#gateway.service.call = call;
    if (this.#closing !== undefined) pool.giveUpLoading();
  }

  /** The grace period is over. */
  #overdue(): void {
    const what = this.describeRunning();
    if (what !== '') {
      const seconds = this.options.gracefulTimeout;
      logger.warning(
        `The server stops, and ends what still runs after ${seconds} s (graceful-timeout): ${what}`,
      );
    }
    this.#cutOff();
  }

  #cutOff(): void {
    this.#upgrades.terminate();
    this.#sockets.destroy();
    this.#front?.cut();
    this.#onCut();
  }

  #attach(): void {
    const gateway = this.#gateway;
    const { http, options } = this;
    http.on('connection', this.#sockets.add);
    if (this.status !== undefined) http.on('connection', this.status.traffic.add);
    http.on('secureConnection', this.#sockets.add);
    const open = options.certfile === undefined ? 'connection' : 'secureConnection';
    http.on(open, gateway.watchHead.bind(gateway));
    http.on('request', gateway.handle.bind(gateway));
    http.on('checkContinue', gateway.handleExpectation.bind(gateway));
    http.on('checkExpectation', gateway.handle.bind(gateway));
    http.on('clientError', (error, socket) => gateway.clientError(error, socket as WsgiSocket));
    http.on('connect', (message, socket) => gateway.refuseConnect(message, socket as WsgiSocket));
    http.on('upgrade', (message, socket, rest) => this.#upgrades.handle(message, socket as WsgiSocket, rest));
    // Last: all that listens for connections waits for the header.
    readProxyHeaders(http, options, this.#sockets.add);
  }

  /** With threads it listens at once, and requests wait for the first thread that is ready. */
  async #begin(): Promise<void> {
    try {
      const opening = this.#channels.open();
      if (opening !== undefined) await opening;
      if (this.#hasThreads) await this.#openPool();
      await this.#listen();
      this.#pool?.start();
      await this.#pool?.ready;
    } catch (error) {
      this.http.close();
      this.#cutOff();
      await this.#pool?.close();
      await this.#channels.close();
      this.#release();
      throw error;
    }
    this.#begun = true;
  }

  async #listen(): Promise<void> {
    if (this.#front === undefined) await listen(this.http, this.options);
    else {
      await this.#front.open((socket, moved) => {
        this.http.emit('connection', socket);
        if (moved) this.#gateway.connectionOf(socket).moved = true;
      });
      // Node's timeouts of requests begin with it.
      this.http.emit('listening');
    }
    await this.#listened?.();
  }
}

/**
 * As `wsgiref.simple_server.make_server`: `const server = await makeServer('127.0.0.1', 0, app)`.
 * With `threads` it needs a script of its own, which each thread loads again: see `run`.
 * @param host `''` for every interface, a name, an IPv4 or IPv6 address, `unix:PATH` or `fd://N`.
 * @param port 0 takes a free one: see `serverPort`.
 * @returns once it listens, and with `threads` once the first of them has the application.
 * @throws ConfigError for options that cannot work, an application that is not a function, an address in use.
 */
export function makeServer(
  host: string,
  port: number,
  application: Application,
  options?: ServerOptions,
): Promise<Server>;
export function makeServer(
  host: string,
  port: number,
  application: Application<'blocking'>,
  options: ThreadOptions,
): Promise<Server>;
export async function makeServer(
  host: string,
  port: number,
  application: Application | Application<'blocking'>,
  options: ServerOptions = {},
): Promise<Server> {
  // The server is the main thread's; the script goes no further here.
  if (options.workers !== undefined) {
    throw new ConfigError('makeServer() has no option workers: run() has, which starts the processes');
  }
  if (options.threads && attachToThread(application, options.environ)) return new Promise(() => {});
  const place = /^(?:unix|fd):/.test(host) ? { bind: host } : { host, port };
  const resolved = resolveOptions({ ...options, ...place });
  refusePythonOptions(resolved);
  const server = new Server(application, resolved);
  await server.listening;
  return server;
}
