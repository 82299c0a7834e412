/** Handlers in Pyodide that end badly: only their own request suffers, its thread is replaced, and the log says it. */
import { expect } from 'chai';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';

const PATIENCE_MS = 240_000;

describe('a handler in Pyodide that ends badly', function () {
  this.timeout(PATIENCE_MS);
  const make = (timeout: number) =>
    fromPython('pyodide_behaviour:application', { chdir, python: 'pyodide', threads: 1, timeout });
  const patient = make(0);
  const strict = make(2);
  let url: string;
  const serve = async (app: PythonApplication) => {
    await app.ready;
    url = (await serveApp(app, { timeout: 0 })).address;
  };
  beforeEach(() => serve(patient));
  afterEach(closeServers);
  after(() => Promise.all([patient.close(), strict.close()]));

  const textAt = async (path: string) => (await fetch(url + path)).text();
  const statusOf = async (path: string) => (await fetch(url + path)).status;
  /** The thread that serves. */
  const born = () => textAt('/born');

  it('is answered with 500 when it calls sys.exit or itself without end, and its thread goes on', async () => {
    const before = await born();
    const log = await captureLog(async () => {
      expect(await statusOf('/exits')).to.equal(500);
      expect(await statusOf('/recursion')).to.equal(500);
    });
    expect(log).to.match(/GET \/exits: Error in the application[\s\S]*SystemExit: 3/);
    expect(log).to.match(/RecursionError/);
    expect(await born()).to.equal(before);
  });

  it('is ended with its thread when it does not obey KeyboardInterrupt', async () => {
    await serve(strict);
    const before = await born();
    const log = await captureLog(async () => {
      expect(await statusOf('/stubborn')).to.equal(500);
      expect(await born()).to.not.equal(before);
    });
    expect(log).to.match(/GET \/stubborn: not now[\s\S]*\(timeout\): its thread was ended/);
  });

  it('gets KeyboardInterrupt after its time, so that its finally blocks run, and its thread goes on', async () => {
    await serve(strict);
    const before = await born();
    const log = await captureLog(async () => {
      expect(await statusOf('/loops')).to.equal(500);
      expect(await statusOf('/deadlock')).to.equal(500);
    });
    expect(log).to.match(/GET \/loops: finally ran/);
    expect(log).to.match(/GET \/deadlock: finally ran/);
    expect(log).to.match(/The application sent nothing for 2 s \(timeout\)[\s\S]*KeyboardInterrupt/);
    expect(await born()).to.equal(before);
  });

  const fatal: [what: string, path: string, log: RegExp][] = [
    ['calls os._exit', '/ends-process', /The thread ended: exit code 3/],
    ['breaks WebAssembly', '/fatal', /The thread ended: RuntimeError: memory access out of bounds/],
  ];
  for (const [what, path, expected] of fatal) {
    it(`is answered with 500 when it ${what}, and its thread is replaced`, async () => {
      const before = await born();
      const log = await captureLog(async () => {
        expect(await statusOf(path)).to.equal(500);
        expect(await born()).to.not.equal(before);
      });
      expect(log).to.match(expected);
    });
  }

  it('leaves no memory behind that it needed once: its thread is replaced', async () => {
    const before = await born();
    expect(await textAt('/large')).to.equal(String(600 * 1024 * 1024));
    await until(async () => (await born()) !== before, 'another thread');
  });
});
