/** Rooms in Python, on Pyodide: members in threads that share nothing. */
import { join } from 'node:path';
import { fromPython } from '../../lib/python/from-python.js';
import { ROOT } from '../support/source.js';
import { sharesRooms } from './rooms.js';

const chdir = join(ROOT, 'spec', 'python', 'applications');

describe('rooms of Python, on Pyodide', function () {
  // Threads start when the first has.
  this.timeout(240_000);
  const app = fromPython('rooms:application', { chdir, python: 'pyodide', threads: 3, timeout: 1 });
  before(() => app.ready);
  after(() => app.close());

  sharesRooms(() => app);
});
