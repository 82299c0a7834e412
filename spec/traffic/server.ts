/** The server under random traffic, in a process of its own: `node server.js`, with the mode in the environment. */
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { Application } from '../../lib/environ/types.js';
import type { ServerOptions } from '../../lib/server/options/options.js';
import { collectGarbage } from '../support/garbage.js';
import { app } from './app.js';
import type { Mode } from './modes.js';

/** What the process holds and does when it has no requests. */
export interface Measure {
  /** Bytes. */
  readonly memory: number;
  readonly heap: number;
  readonly descriptors: number;
  /** The files among them. */
  readonly files: readonly string[];
  readonly connections: number;
  /** Those that have loaded the application. */
  readonly threads: number;
  /** CPU time of all threads while it rested, in percent of that time. */
  readonly cpu: number;
}

export type Request = 'measure' | 'stop';
export type Reply = { readonly listens: number } | { readonly measure: Measure } | { readonly stopped: true };

const REST_MS = 500;
/** Bytes: ours, for the hosts. */
const LIMIT_HEAD = 65_536;

/** The package as it was built: a thread loads that in half of the time. */
const PACKAGE: string = 'wsgi';
const { makeServer, toFetchHandler, toNodeHandler } = (await import(
  PACKAGE
)) as typeof import('../../lib/index.js');

const host = (process.env['TRAFFIC_HOST'] ?? 'server') as Mode['host'];
const options = JSON.parse(process.env['TRAFFIC_OPTIONS'] ?? '{}') as ServerOptions;
const application = app as Application;

interface Running {
  readonly http: HttpServer;
  close(): Promise<void>;
}

/** In a thread this never comes to an end: what follows is for the main thread. */
async function start(): Promise<Running> {
  if (host === 'server') {
    const server = await makeServer('127.0.0.1', 0, application, { gracefulTimeout: 5, ...options });
    return { http: server.http, close: () => server.close() };
  }
  // Only here: it brings Node's client with it, which takes as long to load as the package.
  const { createServer } = await import('node:http');
  const handler = host === 'node-handler' ? toNodeHandler(application) : undefined;
  const http =
    handler === undefined
      ? await hono()
      : createServer({ maxHeaderSize: LIMIT_HEAD }, handler).listen(0, '127.0.0.1');
  if (handler !== undefined) http.on('upgrade', handler.upgrade);
  await once(http, 'listening');
  const close = async () => {
    handler?.close();
    http.close();
    http.closeIdleConnections();
    await once(http, 'close');
  };
  return { http, close };
}

async function hono(): Promise<HttpServer> {
  // Only here: it takes as long to load as a thread takes to begin.
  const { serve } = await import('@hono/node-server');
  const fetch = toFetchHandler(application);
  const serverOptions = { maxHeaderSize: LIMIT_HEAD };
  return serve({ fetch, serverOptions, hostname: '127.0.0.1', port: 0 }) as HttpServer;
}

async function measure(http: HttpServer): Promise<Measure> {
  for (let i = 0; i < 3; i++) {
    await nextTurn();
    collectGarbage();
  }
  const before = process.cpuUsage();
  await delay(REST_MS);
  const { user, system } = process.cpuUsage(before);
  const { rss, heapUsed, external } = process.memoryUsage();
  const connections = await new Promise<number>((resolve) => {
    http.getConnections((error, count) => resolve(error === null ? count : -1));
  });
  return {
    memory: rss,
    heap: heapUsed + external,
    ...openDescriptors(),
    connections,
    cpu: Math.round((user + system) / (10 * REST_MS)),
  };
}

function openDescriptors(): Pick<Measure, 'descriptors' | 'files' | 'threads'> {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // That of the folder itself.
      return '';
    }
  });
  // Each has that file open, the main thread too.
  const threads = open.filter((name) => name === process.env['TRAFFIC_VICTIMS']).length - 1;
  const files = open.filter((name) => name.includes('wsgi-traffic'));
  return { descriptors: open.length, files, threads };
}

const { http, close } = await start();
const reply = (message: Reply) => process.send?.(message);
process.on('message', async (request: Request) => {
  if (request === 'measure') {
    reply({ measure: await measure(http) });
    return;
  }
  await close();
  reply({ stopped: true });
  // Nothing is to keep the process from here on.
  process.removeListener('disconnect', abandoned);
  process.disconnect();
});
function abandoned(): void {
  process.exit(1);
}
process.once('disconnect', abandoned);
const address = http.address();
reply({ listens: typeof address === 'object' && address !== null ? address.port : 0 });
