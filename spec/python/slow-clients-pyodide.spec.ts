/** A handler in Pyodide whose client is slow. */
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { waitsForSlowClients } from './slow-clients.js';

const PATIENCE_MS = 240_000;

describe('a handler in Pyodide with a slow client', function () {
  this.timeout(PATIENCE_MS);
  let app: PythonApplication;
  before(async () => {
    app = fromPython('behaviour:application', { chdir, python: 'pyodide', threads: 1, timeout: 1 });
    await app.ready;
  });
  after(() => app?.close());

  waitsForSlowClients(() => app);
});
