/** Processes that handlers in Python fork: none of them answers in the place of its parent. */
import { expect } from 'chai';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { subscribe } from '../../lib/subscription.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

describe('a process that a handler in Python forks', () => {
  let app: PythonApplication;
  let url: string;
  before(async function () {
    requirePython(this);
    app = fromPython('forks:application', { chdir, python: 'python3', threads: 2, timeout: 10 });
    await app.ready;
  });
  beforeEach(async () => {
    url = (await serveApp(app, { timeout: 0 })).address;
  });
  afterEach(closeServers);
  after(() => app?.close());

  const textOf = async (path: string) => (await fetch(url + path)).text();

  /** How a child ended, several times: nobody but its parent takes requests. */
  const endings = async (way: string) => {
    const pid = await textOf('/pid');
    const codes = new Set<string>();
    for (let time = 0; time < 5; time++) {
      const [parent, code] = (await textOf(`/status?${way}`)).split(' ');
      expect(parent).to.equal(pid);
      codes.add(code ?? '');
    }
    return [...codes].join();
  };

  for (const [way, code] of [
    ['exits', 3 << 8],
    ['raises', 1 << 8],
    ['returns', 0],
    ['waits', 15],
  ] as const) {
    it(`does not answer, where it ${way}`, async () => {
      const log = await captureLog(async () => expect(await endings(way)).to.equal(String(code)));
      expect(log).to.match(/the child prints/);
      expect(log).not.to.match(/atexit ran|Error in the application/);
      if (way === 'raises') expect(log).to.match(/ValueError: in the child/);
    });
  }

  it('does not answer where another thread than the first forks', async () => {
    const held = textOf('/holds');
    const log = await captureLog(async () => expect(await endings('exits')).to.equal(String(3 << 8)));
    expect(log).not.to.match(/Error in the application/);
    expect(await textOf('/releases')).not.to.equal(await held);
  });

  it('ends when multiprocessing tells it to', async () => {
    expect(await textOf('/pool')).to.equal('[1, 2]');
  });

  it('may publish', async () => {
    const news = subscribe('news')[Symbol.asyncIterator]();
    const message = news.next();
    expect(await textOf('/publishes')).to.equal('0');
    expect((await message).value).to.equal('from a child');
    await news.return?.();
  });
});
