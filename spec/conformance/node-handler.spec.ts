/** The gateway on a server of `node:http` that is not ours. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type NodeHandlerOptions, toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { conformance } from './suite.js';

conformance({
  name: 'toNodeHandler',
  start: async (app, { gracefulTimeout: _host, keepAlive: _too, ...options }) => {
    const server = createServer(toNodeHandler(app, options as NodeHandlerOptions));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: async () => {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  },
  cannot: {
    'raw-http': 'the host parses requests',
    expect: 'the host answers Expect: 100-continue at once',
    server: 'the host is the server',
  },
});
