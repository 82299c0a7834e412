/** Requests with an Upgrade: a WebSocket handshake gets the application with an open door, all others are ordinary. */
import { closeWaitsOf } from '../../current-request.js';
import type { Environ, HeaderList } from '../../environ/types.js';
import { closedError, SOCKET_DEAD, WebSocketError } from '../../environ/websocket/error.js';
import { type AsyncLink, CLOSE_CODE } from '../../environ/websocket/link.js';
import { WebSocket } from '../../environ/websocket/websocket.js';
import type { ClientDisconnected } from '../../errors.js';
import { openedStarted } from '../../interpreter/application-faults.js';
import type { NamedRequest } from '../../interpreter/report.js';
import { checkHandshakeHeaders } from '../../interpreter/response-head.js';
import type { ResponseHead } from '../../interpreter/sink.js';
import type { Logger } from '../../logger.js';
import type { IncomingMessage, ServerResponse } from '../../node-http.js';
import { type Placed, PlacedSet } from '../../placed.js';
import type { Connection, WsgiSocket } from '../http/connection.js';
import { respondOn, tellDrain, unconnectedResponse } from '../http/detached-response.js';
import { Exchange } from '../http/exchange.js';
import type { Gateway } from '../http/gateway.js';
import { withoutAddresses, withoutListeners } from '../http/node-internals.js';
import { HeadWatch } from '../http/request-head.js';
import { ResponseSink } from '../http/response-sink.js';
import { type Handshake, WebSocketConnection } from './connection.js';
import {
  checkHandshake,
  type HandshakeRequest,
  isWebSocketRequest,
  type RefusedHandshake,
  WebSocketAcceptor,
} from './handshake.js';
import { Heartbeat } from './heartbeat.js';
import { shareValues } from './shared-values.js';
import type { OpenSocket } from './socket.js';

/** Hands a connection back to the HTTP server, which reads the next request from it. */
export type Readmit = (socket: WsgiSocket) => void;

/** Milliseconds: as many as a timer can have. */
const NEVER = 2 ** 31 - 1;

const NOTHING = Buffer.alloc(0);

/** In place of responses that opened a WebSocket, and of their requests: one for all. */
const SPENT = unconnectedResponse();

/** Serves what Node's `upgrade` event brings. */
export class Upgrades {
  readonly gateway: Gateway;
  readonly acceptor: WebSocketAcceptor;
  readonly heartbeat: Heartbeat;
  readonly #readmit: Readmit;
  /** What peers are told by a server that stops. */
  #farewell: number = CLOSE_CODE.goingAway;
  /** WebSockets that were opened, and whose handler or connection is still there. */
  readonly #open = new PlacedSet<WebSocketExchange>();

  constructor(gateway: Gateway, readmit: Readmit) {
    const { options } = gateway.service;
    this.gateway = gateway;
    this.acceptor = new WebSocketAcceptor({
      maxMessage: options.websocketMaxMessage,
      perMessageDeflate: options.perMessageDeflate,
      // The heartbeat closes what does not answer.
      closeTimeout: NEVER,
      deflate: options,
      inflateBuffer: options.websocketInflateBuffer,
    });
    this.heartbeat = new Heartbeat(options.websocketPingInterval, options.minRate);
    this.#readmit = readmit;
  }

  /** Listener of `upgrade`: Node has let go of the socket; `rest` are the bytes after the head. */
  handle(message: IncomingMessage, socket: WsgiSocket, rest: Buffer): void {
    const connection = this.gateway.connectionOf(socket);
    if (isWebSocketRequest(message) && !this.gateway.isForStatus(message)) {
      connection.enter(() => this.serve(connection, message, rest, this.#respond(message, socket, rest)));
    } else connection.enter(() => this.#serveOrdinary(connection, message, rest));
  }

  /** How many WebSockets there are. */
  get running(): number {
    return this.#open.size;
  }

  /**
   * The server stops: each handler gets no more messages, may answer the one that it works on, and its peer is then told
   * 1001 (RFC 6455 section 7.4.1, "going away"), or 1012 ("service restart") if another process serves on.
   */
  goAway(code: number = CLOSE_CODE.goingAway): void {
    this.gateway.service.stopping = true;
    this.#farewell = code;
    for (const exchange of this.#open.list()) exchange.goAway(code);
    closeWaitsOf(this.gateway.service);
  }

  /** The grace period is over. */
  terminate(): void {
    for (const exchange of this.#open.list()) exchange.terminate();
  }

  /** The connection is free for its next request. */
  readmit(socket: WsgiSocket, rest: Buffer): void {
    withoutListeners(socket);
    // It may get the same parser again: two watches of it would count the bytes of requests that have ended.
    HeadWatch.end(socket);
    if (rest.length > 0) socket.unshift(rest);
    this.#readmit(socket);
  }

  opened(exchange: WebSocketExchange): void {
    this.#open.add(exchange);
    this.gateway.service.counters?.webSocketOpened();
    if (this.gateway.service.stopping) exchange.goAway(this.#farewell);
  }

  over(exchange: WebSocketExchange): void {
    this.#open.delete(exchange);
  }

  /** @param response on the socket, for a handshake that is refused. */
  serve(connection: Connection, message: IncomingMessage, rest: Buffer, response: ServerResponse): void {
    const exchange = new WebSocketExchange(this, connection, message, rest, response);
    const handshake = checkHandshake(message, this.gateway.service.options.allowedOrigins);
    if ('status' in handshake) exchange.refuse(handshake);
    else exchange.offer(handshake);
  }

  #respond(message: IncomingMessage, socket: WsgiSocket, rest: Buffer): ServerResponse {
    const keepAlive = !/(?:^|,)\s*close\s*(?:,|$)/i.test(message.headers.connection ?? '');
    return respondOn(socket, message, keepAlive, () => this.readmit(socket, rest));
  }

  /**
   * With a listener of `upgrade`, Node brings every request with an Upgrade there, h2c and POST included. Those are to
   * be served as if they had none (RFC 9110 section 7.8): the request is put back, without it, to be parsed again.
   */
  #serveOrdinary(connection: Connection, message: IncomingMessage, rest: Buffer): void {
    const { method, url, httpVersionMinor, rawHeaders } = message;
    let head = `${method} ${url} HTTP/1.${httpVersionMinor}\r\n`;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] as string;
      if (name.toLowerCase() !== 'upgrade') head += `${name}: ${rawHeaders[i + 1]}\r\n`;
    }
    connection.upgradeHeaders = rawHeaders;
    this.readmit(connection.socket, Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), rest]));
  }
}

/** A WebSocket request: a response that refuses it, or a socket that was opened. */
class WebSocketExchange extends Exchange implements Handshake, NamedRequest, Placed {
  place = -1;
  readonly url: string | undefined;
  protected override readonly named: NamedRequest;
  override readonly isUpgrade = true;
  declare readonly sink: UpgradeSink;
  readonly #upgrades: Upgrades;
  #rest: Buffer;
  #handshake: HandshakeRequest | undefined = undefined;

  constructor(
    upgrades: Upgrades,
    connection: Connection,
    message: IncomingMessage,
    rest: Buffer,
    response: ServerResponse,
  ) {
    super(upgrades.gateway.service, connection, message, response, undefined);
    this.#upgrades = upgrades;
    this.#rest = rest;
    this.url = message.url;
    this.named = this;
    response.on('finish', () => this.finished());
  }

  protected override newSink(): UpgradeSink {
    return new UpgradeSink(this);
  }

  /** The handshake itself is wrong: the application is not called. */
  refuse({ status, reason, headers, body }: RefusedHandshake): void {
    const type = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Length', `${body.length}`];
    this.sink.head({
      status,
      reason,
      headers: [...headers.flat(), ...type],
      hasLength: true,
      bodiless: false,
      hasServer: false,
      close: false,
    });
    this.sink.end(Buffer.from(body));
    this.done();
  }

  /** Calls the application, which opens the door or answers otherwise. */
  offer(handshake: HandshakeRequest): void {
    this.#handshake = handshake;
    this.serve();
  }

  override environ(): Environ {
    shareValues(this.message.rawHeaders);
    const environ = super.environ();
    this.websocket = WebSocket.make(environ, this);
    environ['wsgi.websocket'] = this.websocket;
    // As text, the one that the header had.
    environ['wsgi.websocket_version'] = environ['HTTP_SEC_WEBSOCKET_VERSION'] ?? String(this.version);
    return environ;
  }

  get method(): string {
    return 'GET';
  }

  // The door, and what the connection after it tells: no object and no closures for each

  get version(): number {
    return (this.#handshake as HandshakeRequest).version;
  }

  get origin(): string | undefined {
    return (this.#handshake as HandshakeRequest).origin;
  }

  get protocols(): readonly string[] {
    return (this.#handshake as HandshakeRequest).protocols;
  }

  accept(protocol: string | undefined, logger: Logger, headers: HeaderList): AsyncLink {
    const opened = this.#accept(protocol, headers);
    this.#shed();
    const link = new WebSocketConnection(opened, this, logger, this.service.options.maxBacklog);
    this.sink.hijacked = true;
    return link;
  }

  ending(): void {
    this.runner?.webSocketEnding?.();
  }

  closed(): void {
    this.runner?.webSocketClosed?.();
  }

  /** It may stay open for days: what only the handshake needed goes. */
  #shed(): void {
    const { accessLog } = this.service;
    this.#rest = NOTHING;
    this.#handshake = undefined;
    this.response = SPENT;
    this.sink.spent(SPENT);
    // Its line in the log may show any of its headers.
    if (accessLog === undefined) this.message = SPENT.req;
  }

  #accept(protocol: string | undefined, headers: HeaderList): OpenSocket {
    const { socket } = this;
    if (this.sink.started) throw openedStarted();
    const own = checkHandshakeHeaders(headers);
    if (this.response.headersSent) {
      throw new WebSocketError('The request was already answered: open the WebSocket before start_response');
    }
    if (!socket.writable || !socket.readable) {
      socket.destroy();
      this.connection.onClose();
      throw closedError(SOCKET_DEAD);
    }
    this.sink.status = 101;
    this.response.detachSocket(socket);
    socket.removeListener('drain', tellDrain);
    HeadWatch.end(socket);
    this.connection.upgrading();
    const opened = this.#upgrades.acceptor.accept(this.message, socket, this.#rest, protocol, own);
    this.connection.upgraded();
    withoutAddresses(socket);
    this.#upgrades.gateway.unwatch(this.connection);
    this.#upgrades.heartbeat.watch(opened);
    queueMicrotask(() => this.#upgrades.opened(this));
    return opened;
  }

  /** Pings find a dead peer, and an application may wait for messages as long as it likes. */
  override silent(): void {
    if (!this.sink.hijacked) super.silent();
  }

  override disconnected(error: ClientDisconnected): void {
    if (!this.sink.hijacked) super.disconnected(error);
    else {
      // The application learns it from its next receive() or send(), and ends by itself.
      this.connectionClosed(error);
      this.runner?.halfClosed?.();
    }
  }

  goAway(code: number): void {
    this.runner?.goAway?.();
    this.websocket?.goAway(code);
  }

  terminate(): void {
    this.websocket?.terminate();
  }

  protected override over(): void {
    this.#upgrades.over(this);
    super.over();
  }
}

class UpgradeSink extends ResponseSink {
  readonly #exchange: WebSocketExchange;

  constructor(exchange: WebSocketExchange) {
    super(exchange);
    this.#exchange = exchange;
  }

  /** The response was answered by a WebSocket. */
  spent(response: ServerResponse): void {
    this.response = response;
  }

  override head(head: ResponseHead): void {
    super.head(head);
    if (head.headers.at(-2) === 'Connection') this.response.shouldKeepAlive = false;
  }

  override end(last?: Uint8Array): void {
    if (this.hijacked) this.#exchange.websocket?.finish(CLOSE_CODE.normal);
    else super.end(last);
  }

  override abort(): void {
    if (this.hijacked) this.#exchange.websocket?.finish(CLOSE_CODE.internalError);
    else super.abort();
  }

  /** A 103 ahead of the 101 makes clients give up the handshake. */
  override sendHints(_checked: readonly string[]): void {}
}
