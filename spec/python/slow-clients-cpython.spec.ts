/** A handler in CPython whose client is slow. */
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { waitsForSlowClients } from './slow-clients.js';

describe('a handler in CPython with a slow client', () => {
  let app: PythonApplication;
  before(async function () {
    requirePython(this);
    app = fromPython('behaviour:application', { chdir, python: 'python3', threads: 2, timeout: 1 });
    await app.ready;
  });
  after(() => app?.close());

  waitsForSlowClients(() => app);
});
