/** asyncio and asgiref in handlers: the same in CPython, and in Pyodide, which has neither threads nor an event loop that turns. */
import { expect } from 'chai';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { APPLICATIONS as chdir, PYODIDE_PACKAGES, PYTHON, requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

const ANSWERS: readonly [path: string, text: string][] = [
  ['/view', 'async'],
  ['/tasks', "[3, 1, 2, 'late', 'queued', 'elsewhere']"],
  ['/nested', '(10, 20, True)'],
  ['/errors', '["KeyError(\'mine\')", "KeyError(\'mine\')"]'],
  ['/view', 'async'],
];

for (const runtime of ['CPython', 'Pyodide']) {
  describe(`a handler that runs coroutines: ${runtime}`, function () {
    this.timeout(240_000);
    let app: PythonApplication;
    before(async function () {
      requirePython(this);
      const python = runtime === 'CPython' ? PYTHON : 'pyodide';
      const pythonpath = runtime === 'CPython' ? [] : [PYODIDE_PACKAGES];
      app = fromPython('async_views:app', { chdir, python, pythonpath, threads: 1, timeout: 1 });
      await app.ready;
    });
    afterEach(closeServers);
    after(() => app?.close());

    for (const [path, text] of ANSWERS) {
      it(`answers ${path} with ${text}`, async () => {
        expect((await new Client(app).get(path)).text).to.equal(text);
      });
    }

    it('is interrupted after its time, also where it waits in a coroutine', async () => {
      const { address } = await serveApp(app, { timeout: 0 });
      const log = await captureLog(async () => {
        expect((await fetch(`${address}/forever`)).status).to.equal(500);
      });
      if (runtime === 'Pyodide') expect(log).to.match(/GET \/forever: finally/);
      expect((await fetch(`${address}/view`)).status).to.equal(200);
    });
  });
}
