/** The HTTP server itself, on the event loop. */
import { makeServer } from '../../lib/server/server.js';
import { conformance } from './suite.js';

conformance({
  name: 'makeServer',
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, app, options);
    return { url: server.address, close: () => server.close() };
  },
});
