/** Requests with an Upgrade: a WebSocket handshake gets the application with an open door, all others are ordinary. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Handshake, WebSocket, WebSocketError } from '../environ/websocket.js';
import type { ClientDisconnected } from '../errors.js';
import type { Connection, WsgiSocket } from './connection.js';
import type { Gateway } from './gateway.js';
import { Heartbeat } from './heartbeat.js';
import { HttpSink } from './http-sink.js';
import type { ResponseHead } from './sink.js';
import {
  checkHandshake,
  type HandshakeRequest,
  isWebSocketRequest,
  type RefusedHandshake,
  WebSocketAcceptor,
} from './websocket-handshake.js';

/** Hands a connection back to the HTTP server, which reads the next request from it. */
export type Readmit = (socket: WsgiSocket) => void;

/** Serves what Node's `upgrade` event brings. */
export class Upgrades {
  readonly gateway: Gateway;
  readonly acceptor: WebSocketAcceptor;
  readonly heartbeat: Heartbeat;
  readonly #readmit: Readmit;
  readonly #open = new Set<WebSocket>();
  /** Those that Node no longer counts as its own. */
  readonly #sockets = new Set<WsgiSocket>();

  constructor(gateway: Gateway, readmit: Readmit) {
    const { options } = gateway;
    this.gateway = gateway;
    this.acceptor = new WebSocketAcceptor({
      maxMessage: options.websocketMaxMessage,
      perMessageDeflate: options.perMessageDeflate,
    });
    this.heartbeat = new Heartbeat(options.websocketPingInterval);
    this.#readmit = readmit;
  }

  /** Listener of `upgrade`: Node has let go of the socket; `rest` are the bytes behind the head. */
  handle(message: IncomingMessage, socket: WsgiSocket, rest: Buffer): void {
    const connection = this.gateway.connectionOf(socket);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    if (isWebSocketRequest(message)) connection.enter(() => this.#serve(connection, message, rest));
    else connection.enter(() => this.#serveOrdinary(connection, message, rest));
  }

  /** The server stops: every open WebSocket is closed with 1001 (RFC 6455 section 7.4.1, "going away"). */
  goAway(): void {
    for (const websocket of this.#open) websocket.finish(1001);
  }

  /** The grace period is over. */
  terminate(): void {
    for (const websocket of this.#open) websocket.terminate();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The connection is free for its next request. */
  readmit(socket: WsgiSocket, rest: Buffer): void {
    this.#sockets.delete(socket);
    if (rest.length > 0) socket.unshift(rest);
    this.#readmit(socket);
  }

  opened(websocket: WebSocket): void {
    this.#open.add(websocket);
    if (this.gateway.stopping) websocket.finish(1001);
  }

  closed(websocket: WebSocket): void {
    this.#open.delete(websocket);
  }

  #serve(connection: Connection, message: IncomingMessage, rest: Buffer): void {
    const sink = new UpgradeSink(this, connection, message, rest);
    const handshake = checkHandshake(message, this.gateway.options.allowedOrigins);
    if ('status' in handshake) sink.refuse(handshake);
    else sink.offer(handshake);
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

/** The two ends of a WebSocket request: a response that refuses it, or a socket that was opened. */
class UpgradeSink extends HttpSink {
  readonly #upgrades: Upgrades;
  readonly #rest: Buffer;
  #websocket: WebSocket | undefined;
  #keepAlive: boolean;

  constructor(upgrades: Upgrades, connection: Connection, message: IncomingMessage, rest: Buffer) {
    const response = new ServerResponse(message);
    super(upgrades.gateway, connection, message, response, undefined);
    this.#upgrades = upgrades;
    this.#rest = rest;
    this.#keepAlive = !/(?:^|,)\s*close\s*(?:,|$)/i.test(message.headers.connection ?? '');
    response.shouldKeepAlive = this.#keepAlive;
    response.assignSocket(connection.socket);
    response.on('finish', () => this.#refused());
  }

  override get hijacked(): boolean {
    return this.#websocket?.opened === true;
  }

  override head(head: ResponseHead): void {
    super.head(head);
    if (head.headers.at(-2) === 'Connection') this.#keepAlive = false;
  }

  override end(last?: Uint8Array): void {
    if (this.hijacked) this.#websocket?.finish(1000);
    else super.end(last);
  }

  override abort(): void {
    if (this.hijacked) this.#websocket?.finish(1011);
    else super.abort();
  }

  /** Pings find a dead peer, and an application may wait for messages as long as it likes. */
  override silent(): void {
    if (!this.hijacked) super.silent();
  }

  override disconnected(error: ClientDisconnected): void {
    if (!this.hijacked) super.disconnected(error);
    else {
      // The application learns it from its next receive() or send(), and ends by itself.
      if (this.#websocket !== undefined) this.#upgrades.closed(this.#websocket);
      this.closed();
    }
  }

  /** The handshake itself is wrong: the application is not asked. */
  refuse({ status, reason, headers, body }: RefusedHandshake): void {
    const flat = [
      ...headers.flat(),
      'Content-Type',
      'text/plain; charset=utf-8',
      'Content-Length',
      `${body.length}`,
    ];
    this.head({
      status,
      reason,
      headers: flat,
      hasLength: true,
      bodiless: false,
      hasServer: false,
      close: false,
    });
    this.end(Buffer.from(body));
    this.done();
  }

  /** Calls the application, which opens the door or answers otherwise. */
  offer({ version, origin, protocols }: HandshakeRequest): void {
    const { gateway } = this;
    try {
      const environ = gateway.environOf(this, undefined);
      const handshake: Handshake = {
        version,
        origin,
        protocols,
        accept: (protocol) => this.#accept(protocol),
      };
      this.#websocket = new WebSocket(environ, handshake);
      environ['wsgi.websocket'] = this.#websocket;
      environ['wsgi.websocket_version'] = String(version);
      this.interpreter.run(gateway.application, environ);
    } catch (error) {
      this.interpreter.fail(error);
    }
  }

  #accept(protocol: string | undefined): ReturnType<Handshake['accept']> {
    const { socket } = this.connection;
    if (this.response.headersSent) {
      throw new WebSocketError('The request was already answered: open the WebSocket before start_response');
    }
    if (!socket.writable) throw new WebSocketError('Socket is dead');
    this.status = 101;
    this.response.detachSocket(socket);
    const websocket = this.#websocket as WebSocket;
    const opened = this.#upgrades.acceptor.accept(this.message, socket, this.#rest, protocol);
    this.#upgrades.heartbeat.watch(opened);
    queueMicrotask(() => this.#upgrades.opened(websocket));
    return opened;
  }

  /** The response is sent: the connection goes on as an ordinary one. */
  #refused(): void {
    const { socket } = this.connection;
    this.response.detachSocket(socket);
    if (this.#keepAlive) this.#upgrades.readmit(socket, this.#rest);
    else socket.destroySoon();
    this.closed();
  }
}
