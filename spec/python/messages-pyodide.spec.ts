/** WebSockets of Python that go on for long, on Pyodide. */
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { hasMessages } from './messages.js';

describe('WebSockets of Python that go on for long, on Pyodide', function () {
  // Threads start when the first has.
  this.timeout(240_000);
  const app = fromPython('messages:application', { chdir, python: 'pyodide', threads: 2, timeout: 1 });
  before(() => app.ready);
  after(() => app.close());

  hasMessages(() => app);
});
