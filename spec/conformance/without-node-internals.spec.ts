/** The HTTP server where nothing of Node's inside is used that it can do without: everything works, at a higher price. */
import { internals } from '../../lib/server/http/node-internals.js';
import { makeServer } from '../../lib/server/server.js';
import { conformance } from './suite.js';

describe("without Node's internals", () => {
  const found = { ...internals };

  before(() => {
    for (const name of Object.keys(internals) as (keyof typeof internals)[]) internals[name] = false;
  });
  after(() => Object.assign(internals, found));

  conformance({
    name: 'makeServer',
    start: async (app, options) => {
      const server = await makeServer('127.0.0.1', 0, app, options);
      return { url: server.address, close: () => server.close() };
    },
  });
});
