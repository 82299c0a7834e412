/** There and back: what a fetch handler does with the application of a fetch handler. */

import { toFetchHandler } from '../../lib/server/adapters/fetch/fetch-handler.js';
import { fromFetchHandler } from '../../lib/server/adapters/from/from-fetch-handler.js';
import { makeServer } from '../../lib/server/server.js';
import { conformance } from './suite.js';

const STREAM_FAILED = 'a stream that fails before its first block is an error in the application';

conformance({
  name: 'fromFetchHandler over toFetchHandler',
  start: async (app, options) => {
    const server = await makeServer('127.0.0.1', 0, fromFetchHandler(toFetchHandler(app)), options);
    return { url: server.address, close: () => server.close() };
  },
  cannot: {
    options: 'they are for the gateway within',
    server: 'the server is the outer one',
    closes: 'a fetch Response cannot ask for it',
    http10: 'a fetch Request does not tell HTTP/1.0',
    'raw-target': 'the URL standard changes it',
    pipelining: 'a fetch Response does not wait for close()',
    expect: 'a fetch Response does not tell when its body is read',
    'early-hints': 'fetch has no interim responses',
    'header-case': 'Headers of fetch are sorted, in lower case',
    'sync-flush': 'a stream is read in its own time',
  },
  except: {
    'A-083.empty': STREAM_FAILED,
    'E-082': STREAM_FAILED,
    'A-112': 'an empty reason is filled in',
    'A-114.high': 'a fetch Response has no status above 599',
    'E-131.TRACE': 'a fetch Request cannot be a TRACE',
    'E-143': 'a fetch Request has a URL, whose path cannot be *',
    'E-168': 'a fetch Request has no server but that of its URL',
    'A-165.fin': 'the abort of the Request ends it before the read fails',
  },
});
