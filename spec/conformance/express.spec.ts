/** The gateway inside a real Express application. */
import express from 'express';
import { type NodeHandlerOptions, toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { host } from '../support/serve.js';
import { conformance } from './suite.js';

conformance({
  name: 'toNodeHandler under Express',
  start: async (app, { gracefulTimeout: _host, keepAlive: _too, ...options }) => {
    const outer = express().disable('x-powered-by');
    outer.use(toNodeHandler(app, options as NodeHandlerOptions));
    return host(outer);
  },
  cannot: {
    'raw-http': 'the host parses requests',
    expect: 'the host answers Expect: 100-continue at once',
    server: 'the host is the server',
  },
});
