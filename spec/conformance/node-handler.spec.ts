/** The gateway on a server of `node:http` that is not ours. */
import { type NodeHandlerOptions, toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { host } from '../support/serve.js';
import { conformance } from './suite.js';

conformance({
  name: 'toNodeHandler',
  start: async (app, { gracefulTimeout: _host, keepAlive: _too, ...options }) => {
    return host(toNodeHandler(app, options as NodeHandlerOptions));
  },
  cannot: {
    'raw-http': 'the host parses requests',
    expect: 'the host answers Expect: 100-continue at once',
    server: 'the host is the server',
  },
});
