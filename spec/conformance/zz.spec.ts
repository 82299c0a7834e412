import { makeServer } from '../../lib/server/server.js';
import { fromFetchHandler } from '../../lib/server/from-fetch-handler.js';
import { toFetchHandler } from '../../lib/server/fetch-handler.js';
import { fromNodeHandler } from '../../lib/server/from-node-handler.js';
import { toNodeHandler } from '../../lib/server/node-handler.js';
import { conformance } from './suite.js';
conformance({
  name: 'FETCH',
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, fromFetchHandler(toFetchHandler(app)), options);
    return { url: server.address, close: () => server.close() };
  },
  cannot: { pipelining: 'x', options: 'x', http10: 'x', closes: 'x', 'early-hints': 'x', 'header-case': 'x', 'raw-target': 'x', 'sync-flush':'x', server: 'x', expect: 'x' },
});
conformance({
  name: 'NODE',
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, fromNodeHandler(toNodeHandler(app)), options);
    return { url: server.address, close: () => server.close() };
  },
  cannot: { pipelining: 'x', options: 'x', closes: 'x', 'early-hints': 'x', server: 'x', 'sync-flush':'x', expect: 'x' },
});
