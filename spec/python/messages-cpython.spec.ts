/** WebSockets of Python that go on for long, on CPython. */
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { hasMessages, sharesMemory } from './messages.js';

describe('WebSockets of Python that go on for long, on CPython', () => {
  const app = fromPython('messages:application', { chdir, python: 'python3', threads: 4, timeout: 1 });
  before(async function () {
    requirePython(this);
    await app.ready;
  });
  after(() => app.close());

  hasMessages(() => app);
  sharesMemory(() => app);
});
