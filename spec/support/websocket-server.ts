/** A plain HTTP server whose upgrades run an application function on `wsgi.websocket`; no gateway is involved. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Environ } from '../../lib/environ/types.js';
import { WebSocket } from '../../lib/environ/websocket/websocket.js';
import { type Handshake, WebSocketConnection } from '../../lib/server/websocket/connection.js';
import {
  type AcceptorOptions,
  checkHandshake,
  isWebSocketRequest,
  WebSocketAcceptor,
} from '../../lib/server/websocket/handshake.js';
import type { OpenSocket } from '../../lib/server/websocket/socket.js';
import { type RawOptions, RawWebSocket } from './frames.js';

export type WebSocketApp = (websocket: WebSocket) => Promise<unknown>;

export interface WebSocketServerOptions extends AcceptorOptions {
  allowedOrigins?: readonly string[];
  /** Called with each socket that was opened. */
  opened?(open: OpenSocket): void;
}

/** What the server saw of one connection. */
export interface Seen {
  websocket: WebSocket;
  /** Settles with what the application returned or threw. */
  result: Promise<unknown>;
  /** Settles when the connection is gone. */
  gone: Promise<void>;
}

const running = new Set<WebSocketTestServer>();

export class WebSocketTestServer {
  readonly seen: Seen[] = [];
  readonly #http: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(http: Server) {
    this.#http = http;
    http.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {});
    });
    running.add(this);
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/chat`;
  }

  async close(): Promise<void> {
    running.delete(this);
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
    await once(this.#http, 'close');
  }
}

export async function serveWebSocket(
  app: WebSocketApp,
  options: WebSocketServerOptions = {},
): Promise<WebSocketTestServer> {
  const http = createServer((_request, response) => response.writeHead(404).end());
  const server = new WebSocketTestServer(http);
  const acceptor = new WebSocketAcceptor(options);
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isWebSocketRequest(request)) {
      socket.end('HTTP/1.1 501 Not Implemented\r\nConnection: close\r\n\r\n');
      return;
    }
    const checked = checkHandshake(request, options.allowedOrigins);
    if ('status' in checked) {
      const { status, reason, headers, body } = checked;
      const lines = [`HTTP/1.1 ${status} ${reason}`, ...headers.map((pair) => pair.join(': '))];
      socket.end(`${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    let gone: () => void = () => {};
    const handshake: Handshake = {
      ...checked,
      accept: (protocol, logger) => {
        const open = acceptor.accept(request, socket, head, protocol);
        options.opened?.(open);
        return new WebSocketConnection(open, handshake, logger, 16 * 1024 ** 2);
      },
      closed: () => gone(),
    };
    const websocket = WebSocket.make({ PATH_INFO: request.url } as Environ, handshake);
    server.seen.push({
      websocket,
      gone: new Promise((resolve) => {
        gone = resolve;
      }),
      result: run(app, websocket, socket),
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return server;
}

/** Closes every server that `serveWebSocket` started; for `afterEach`. */
export async function closeWebSocketServers(): Promise<void> {
  await Promise.all([...running].map((server) => server.close()));
}

/** One client of one server. */
export interface Session {
  client: RawWebSocket;
  seen: Seen;
  websocket: WebSocket;
  open: OpenSocket;
}

/** Runs the application for one client; it gets what was opened through the function. */
export async function session(
  app: (websocket: WebSocket, open: () => OpenSocket) => Promise<unknown>,
  options?: RawOptions,
): Promise<Session> {
  let opened: OpenSocket | undefined;
  const open = () => opened as OpenSocket;
  const server = await serveWebSocket((websocket) => app(websocket, open), {
    opened: (one) => {
      opened = one;
    },
  });
  const client = await RawWebSocket.connect(server.port, options);
  const seen = server.seen[0] as Seen;
  return { client, seen, websocket: seen.websocket, open: open() };
}

/** Opens the door, and stays. */
export async function stay(websocket: WebSocket): Promise<void> {
  websocket.accept();
  await new Promise(() => {});
}

/** Until the event loop has been round. */
export const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Until nothing more can be sent. */
export async function untilClosed(websocket: WebSocket): Promise<void> {
  while (!websocket.closed) await turn();
}

/** Receives, and sends the same. */
export async function echo(websocket: WebSocket): Promise<void> {
  for (;;) {
    const message = await websocket.receive();
    if (message === null) return;
    await websocket.send(message);
  }
}

async function run(app: WebSocketApp, websocket: WebSocket, socket: Duplex): Promise<unknown> {
  try {
    const result = await app(websocket);
    websocket.finish(1000);
    return result;
  } catch (error) {
    websocket.finish(1011);
    return error;
  } finally {
    if (!websocket.opened)
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  }
}
