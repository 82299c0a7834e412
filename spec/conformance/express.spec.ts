/** The gateway inside a real Express application. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type NodeHandlerOptions, toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { conformance } from './suite.js';

conformance({
  name: 'toNodeHandler under Express',
  start: async (app, { gracefulTimeout: _host, keepAlive: _too, ...options }) => {
    const host = express().disable('x-powered-by');
    host.use(toNodeHandler(app, options as NodeHandlerOptions));
    const server = createServer(host).listen(0, '127.0.0.1');
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
