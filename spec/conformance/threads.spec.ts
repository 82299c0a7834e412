/** The HTTP server with its application in worker threads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { types } from 'node:util';
import { scenarios } from '../../lib/conformance/scenarios/index.js';
import { resolveOptions, type ServerOptions } from '../../lib/server/options/options.js';
import { Server } from '../../lib/server/server.js';
import { scriptOf } from '../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { modulesOfScenarios } from './scenario-modules.js';
import { conformance, type Running } from './suite.js';
import { PROBE, readFrom, recordOf } from './threads-mirror.js';

const script = scriptOf('threads-app.ts', import.meta.url);
const folder = temporaryFolder();
const file = join(folder, 'scenario');
const errorLogfile = join(folder, 'errors.log');

const modules = modulesOfScenarios();

async function open(options: ServerOptions, id = ''): Promise<Server> {
  process.env['WSGI_SCENARIO'] = id;
  process.env['WSGI_SCENARIO_MODULE'] = id === '' ? 'index.js' : (await modules).get(id);
  process.env['WSGI_SCENARIO_FILE'] = file;
  const resolved = resolveOptions({ errorLogfile, ...options, host: '127.0.0.1', port: 0, threads: 1 });
  const server = new Server(() => [], resolved, { script });
  await server.listening;
  // Threads that begin later are those of the shared server.
  process.env['WSGI_SCENARIO'] = '';
  process.env['WSGI_SCENARIO_MODULE'] = 'index.js';
  return server;
}

/** For all scenarios that neither have options nor stop it. */
let shared: Promise<Server> | undefined;
after(async () => {
  await (await shared)?.close();
  removeTemporaryFolders();
});

let current = '';
let url = '';

async function start(options: ServerOptions, id: string): Promise<Running> {
  current = id;
  const running = await serve(options, id);
  url = running.url;
  return running;
}

async function serve(options: ServerOptions, id: string): Promise<Running> {
  writeFileSync(file, id);
  const scenario = scenarios.find((one) => one.id === id);
  if (scenario?.options === undefined && !scenario?.needs.includes('server') && !STOPPED.has(id)) {
    shared ??= open({ gracefulTimeout: 0.2, timeout: 1 });
    const { address } = await shared;
    return { url: address, close: async () => {} };
  }
  const server = await open(options, id);
  return { url: server.address, close: () => server.close() };
}

/** What the spec opens, calls or settles while the application waits for it. */
const GATED = 'it waits for a gate that only its own thread could open';

function gated(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { id, stage } of scenarios) {
    stage((seen) => {
      const reached = Object.values(seen).some(
        (value) => typeof value === 'function' || types.isPromise(value),
      );
      if (reached) found[id] = GATED;
      return seen;
    });
  }
  return found;
}

const EXCEPT = {
  'A-183': 'each copy of the table makes a folder of its own for that log',
  'A-053.waiting': 'recording slows the writer; spec/server/threads/streaming.spec.ts shows that it waits',
  'A-036.length': GATED,
  'A-036.blocking': 'its application and the spec share memory',
  'A-048': 'its application and the spec share memory',
  'A-063.timeout': 'the thread is ended, and no code of its application runs any more',
  'A-068': 'it records symbols and what a Set was asked, which cannot be written down',
  'A-169': 'its application takes what an older request reads for a promise',
  'A-193': 'the file that it sends is what it records',
  'A-238.fine': 'it records AbortSignals',
  'A-238.own': 'it records AbortSignals',
};

/** The spec stops its server. */
const STOPPED = new Set(['A-063.stop']);

conformance({
  name: 'makeServer with threads',
  start: (_app, options, id) => start(options, id),
  cannot: { log: 'a thread writes to the log file by itself' },
  mirror: readFrom(() => recordOf(file, current)),
  settled: async () =>
    void (await fetch(url + PROBE, { headers: { Connection: 'close' } }).catch(() => undefined)),
  except: { ...gated(), ...EXCEPT },
  facts: { multiprocess: true },
});
