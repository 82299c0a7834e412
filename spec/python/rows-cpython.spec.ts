/** Requests that come together, which a thread of CPython takes in a row: each has its own answer, and none waits for another's handler. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { laneSockets } from '../../lib/python/cpython/lane-socket.js';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { captureLog } from '../support/serve.js';

describe('requests to Python that come together', () => {
  const started: PythonApplication[] = [];
  const application = async (threads: number) => {
    const app = fromPython('rows:application', { chdir, python: 'python3', threads, timeout: 0 });
    started.push(app);
    await app.ready;
    return new Client(app);
  };
  before(function () {
    requirePython(this);
  });
  afterEach(() => Promise.all(started.splice(0).map((app) => app.close())));

  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

  it('have each their own answer', async () => {
    const client = await application(2);
    for (let round = 0; round < 5; round++) {
      const answers = numbers(90).map(async (number) => {
        const path = `${['/plain', '/pieces', '/posted'][number % 3]}?${number}`;
        const body = number % 3 === 2 ? `|${'x'.repeat(number * 1000)}` : '';
        const { text } = await (body === '' ? client.get(path) : client.post(path, { body }));
        expect(text).to.equal(path + body);
      });
      await Promise.all(answers);
    }
  });

  it('have each their own answer where Node cannot read into memory of ours', async () => {
    laneSockets.readIntoMemory = false;
    try {
      const client = await application(2);
      const answers = numbers(30).map(async (number) => {
        const [path, body] = [`/posted?${number}`, `|${'x'.repeat(number * 10_000)}`];
        expect((await client.post(path, { body })).text).to.equal(path + body);
      });
      await Promise.all(answers);
    } finally {
      laneSockets.readIntoMemory = true;
    }
  });

  it('are answered while the first of them waits', async () => {
    const client = await application(2);
    const waits = client.get('/waits');
    const answers = await Promise.all(numbers(20).map((number) => client.get(`/plain?${number}`)));
    expect(answers.map(({ text }) => text)).to.deep.equal(numbers(20).map((number) => `/plain?${number}`));
    expect((await client.get('/go')).status).to.equal('200 OK');
    expect((await waits).status).to.equal('200 OK');
  });

  it('are answered while the first of them waits, also where its thread had no time to read them', async () => {
    const client = await application(2);
    const process_ = Number.parseInt((await client.get('/process')).text, 10);
    for (let round = 0; round < 10; round++) {
      process.kill(process_, 'SIGSTOP');
      const waits = client.get('/waits');
      const others = numbers(5).map((number) => client.get(`/plain?${number}`));
      await delay(30);
      process.kill(process_, 'SIGCONT');
      const texts = (await Promise.all(others)).map(({ text }) => text);
      expect(texts).to.deep.equal(numbers(5).map((number) => `/plain?${number}`));
      await client.get('/go');
      await waits;
    }
  });

  it('of which one is long have each their own answer, while the first of them waits', async () => {
    const client = await application(2);
    const waits = client.get('/waits');
    const long = numbers(3).map((number) => `/plain?${number}${'x'.repeat(60_000)}`);
    const answers = await Promise.all(long.map((path) => client.get(path)));
    expect(answers.map(({ text }) => text)).to.deep.equal(long);
    await client.get('/go');
    await waits;
  });

  it('are answered by another process when the first of them ends its own', async () => {
    const client = await application(1);
    await captureLog(async () => {
      const ends = client.get('/ends').then(
        ({ status }) => status,
        (error: Error) => error.message,
      );
      const answers = await Promise.all(numbers(10).map((number) => client.get(`/plain?${number}`)));
      expect(answers.map(({ status }) => status)).to.deep.equal(numbers(10).map(() => '200 OK'));
      expect(await ends).to.match(/500|ended/);
    });
  });
});
