/** Servers for specs, ours and those of others: on 127.0.0.1, a free port, closed by the spec's `afterEach`. */
import { once } from 'node:events';
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Application } from '../../lib/environ/types.js';
import { logger } from '../../lib/logger.js';
import type { ServerOptions } from '../../lib/server/options/options.js';
import { makeServer, type Server } from '../../lib/server/server.js';

const running = new Set<{ close(): Promise<void> }>();

export async function serveApp(app: Application, options: ServerOptions = {}): Promise<Server> {
  const server = await makeServer('127.0.0.1', 0, app, { gracefulTimeout: 0.5, ...options });
  running.add(server);
  return server;
}

export interface Host {
  readonly server: HttpServer;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A server that is not ours.
 * @param made a request listener, or a server that may listen already.
 */
export async function host(made: RequestListener | HttpServer): Promise<Host> {
  const server = typeof made === 'function' ? createServer(made) : made;
  const close = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  running.add({ close });
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}`, close };
}

/** Closes every server that `serveApp` or `host` started. */
export async function closeServers(): Promise<void> {
  const servers = [...running];
  running.clear();
  await Promise.all(servers.map((server) => server.close()));
}

/** How many connections the server holds, WebSockets included. */
export function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** Collects what the logger writes while `work` runs, instead of showing it. */
export async function captureLog(work: () => Promise<unknown>): Promise<string> {
  const { stream } = logger;
  let text = '';
  logger.stream = { write: (line) => (text += line) };
  try {
    await work();
  } finally {
    logger.stream = stream;
  }
  return text;
}

/** Settles when the next line is logged; for within `captureLog`. */
export function nextLine(): Promise<void> {
  const { stream } = logger;
  return new Promise((resolve) => {
    logger.stream = {
      write(line) {
        stream.write(line);
        resolve();
      },
    };
  });
}
