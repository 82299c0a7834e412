/** Servers for specs: on 127.0.0.1, a free port, closed by the spec's `afterEach`. */
import type { Application } from '../../lib/environ/types.js';
import { logger } from '../../lib/logger.js';
import type { ServerOptions } from '../../lib/server/options/options.js';
import { makeServer, type Server } from '../../lib/server/server.js';

const running = new Set<Server>();

export async function serveApp(app: Application, options: ServerOptions = {}): Promise<Server> {
  const server = await makeServer('127.0.0.1', 0, app, { gracefulTimeout: 0.5, ...options });
  running.add(server);
  return server;
}

/** Closes every server that `serveApp` started. */
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
