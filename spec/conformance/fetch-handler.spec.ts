/** The gateway on a server that speaks the Fetch standard. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type FetchHandlerOptions, toFetchHandler } from '../../lib/server/adapters/fetch/fetch-handler.js';
import { host } from '../support/serve.js';
import { conformance } from './suite.js';

conformance({
  name: 'toFetchHandler under @hono/node-server',
  start: async (app, { gracefulTimeout: _host, keepAlive: _too, ...options }) => {
    const fetch = toFetchHandler(app, options as FetchHandlerOptions);
    return host(createAdaptorServer({ fetch }) as Server);
  },
  cannot: {
    'raw-http': 'the host parses requests',
    expect: 'the host answers Expect: 100-continue at once',
    server: 'the host is the server',
    closes: 'a fetch Response cannot ask for it',
    timeout: 'the host ends silent requests',
    http10: 'a fetch Request does not tell HTTP/1.0',
    pipelining: 'the host runs the requests of a connection at once',
    'early-hints': 'fetch has no interim responses',
    reason: 'the host sends reasons of its own',
    'header-case': 'Headers of fetch are sorted, in lower case',
    'sync-flush': 'the host reads the stream in its own time',
  },
  except: { 'A-120.alone': 'the host sends such a head as UTF-8' },
});
