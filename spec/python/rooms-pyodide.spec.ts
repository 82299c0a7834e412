/** Rooms in Python, on Pyodide: members in threads that share nothing. */
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { sharesRooms } from './rooms.js';

describe('rooms of Python, on Pyodide', function () {
  // Threads start when the first has.
  this.timeout(240_000);
  const app = fromPython('rooms:application', { chdir, python: 'pyodide', threads: 3, timeout: 1 });
  before(() => app.ready);
  after(() => app.close());

  sharesRooms(() => app);
});
