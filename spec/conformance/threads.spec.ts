/** The HTTP server with its application in worker threads. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveOptions, type ServerOptions } from '../../lib/server/options.js';
import { Server } from '../../lib/server/server.js';
import { scenarios } from '../../lib/testing/conformance/scenarios/index.js';
import { conformance, type Running } from './suite.js';

const script = fileURLToPath(new URL('threads-app.ts', import.meta.url));
const file = join(tmpdir(), `wsgi-scenario-${process.pid}`);
const errorLogfile = join(tmpdir(), `wsgi-scenario-log-${process.pid}`);

async function open(options: ServerOptions, id = ''): Promise<Server> {
  process.env['WSGI_SCENARIO'] = id;
  process.env['WSGI_SCENARIO_FILE'] = file;
  const resolved = resolveOptions({ errorLogfile, ...options, host: '127.0.0.1', port: 0, threads: 2 });
  const server = new Server(() => [], resolved, { script });
  await server.listening;
  return server;
}

/** For all scenarios that neither have options nor stop it. */
let shared: Promise<Server> | undefined;
after(async () => {
  await (await shared)?.close();
});

async function start(options: ServerOptions, id: string): Promise<Running> {
  writeFileSync(file, id);
  const scenario = scenarios.find((one) => one.id === id);
  if (scenario?.options === undefined && !scenario?.needs.includes('server')) {
    shared ??= open({ gracefulTimeout: 0.2 });
    const { address } = await shared;
    return { url: address, close: async () => {} };
  }
  const server = await open(options, id);
  return { url: server.address, close: () => server.close() };
}

conformance({
  name: 'makeServer with threads',
  start: (_app, options, id) => start(options, id),
  cannot: { 'same-process': 'a thread has memory of its own' },
  except: { 'A-183': 'each copy of the table makes a folder of its own for that log' },
  facts: { multiprocess: true },
});
