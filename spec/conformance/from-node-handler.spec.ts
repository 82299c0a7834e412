/** There and back: what a Node handler does with the application of a Node handler. */
import { fromNodeHandler } from '../../lib/server/adapters/from/from-node-handler.js';
import { toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { makeServer } from '../../lib/server/server.js';
import { conformance } from './suite.js';

conformance({
  name: 'fromNodeHandler over toNodeHandler',
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, fromNodeHandler(toNodeHandler(app)), options);
    return { url: server.address, close: () => server.close() };
  },
  cannot: {
    options: 'they are for the gateway within',
    server: 'the server is the outer one',
    closes: 'a handler within does not have the connection',
    pipelining: 'the response of the handler does not wait for close()',
    expect: 'the outer gateway answers it',
    'early-hints': 'the handler within does not have the connection',
    'header-case': 'equal names in any case are values of one header',
    'raw-target': 'a fragment is left out',
    'sync-flush': 'a handler writes in its own time',
  },
  except: {
    'E-178.more': 'the handler within does not have the connection',
  },
});
