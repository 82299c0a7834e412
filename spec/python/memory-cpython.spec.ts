/** Memory, with applications in Python: what is large passes through in little of it, and what grows in a process ends with it. */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { expect } from 'chai';
import { logger } from '../../lib/logger.js';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import type { Server } from '../../lib/server/server.js';
import { Client } from '../../lib/testing/client.js';
import { isAlive } from '../support/is-alive.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';

const MIB = 2 ** 20;
/** Bytes that go through, and bytes that memory may grow by meanwhile: of Node, with what its collector has not looked at yet. */
const LARGE = 128 * MIB;
const LITTLE = 64 * MIB;
const BLOCK = randomBytes(MIB);

describe('memory, with applications in Python', function () {
  this.timeout(120_000);
  let app: PythonApplication;
  let server: Server;
  before(async function () {
    requirePython(this);
    app = fromPython('behaviour:application', { chdir, python: 'python3', threads: 2, timeout: 0 });
    await app.ready;
    server = await serveApp(app, { timeout: 0, limitRequestBody: 0 });
  });
  after(async () => {
    await closeServers();
    await app?.close();
  });

  /** KiB that the process of Python has had at most. */
  const peak = async () => Number(await (await fetch(`${server.address}/peak`)).text());

  /** Sends as much, and gives the hash and the length of what came. */
  function send(path: string, size: number): Promise<{ sent: string; came: string; text: string }> {
    return new Promise((resolve, reject) => {
      const message = request(server.address + path, { method: 'POST', headers: { 'Content-Length': size } });
      const [sent, came] = [createHash('sha256'), createHash('sha256')];
      message.once('error', reject).once('response', (response) => {
        let text = '';
        response.once('error', reject);
        response.on('data', (block: Buffer) => {
          came.update(block);
          text = (text + block.toString('latin1')).slice(-100);
        });
        response.once('end', () => resolve({ sent: sent.digest('hex'), came: came.digest('hex'), text }));
      });
      let left = size;
      const write = () => {
        while (left > 0) {
          left -= BLOCK.length;
          sent.update(BLOCK);
          if (!message.write(BLOCK)) {
            message.once('drain', write);
            return;
          }
        }
        message.end();
      };
      write();
    });
  }

  /** The most that Node holds while `work` runs, beyond what it held before. */
  async function growth(work: () => Promise<unknown>): Promise<number> {
    const before = process.memoryUsage.rss();
    let most = before;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss());
    }, 20);
    await work();
    clearInterval(timer);
    return most - before;
  }

  it('takes a large upload in little memory, intact', async () => {
    await send('/digest?65536', MIB);
    const before = await peak();
    const grown = await growth(async () => {
      const { sent, text } = await send('/digest?65536', LARGE);
      expect(text).to.equal(sent);
    });
    expect(grown).to.be.below(LITTLE);
    expect((await peak()) - before).to.be.below(LITTLE / 1024);
  });

  it('gives a large download in little memory', async () => {
    const before = await peak();
    const grown = await growth(async () => {
      let size = 0;
      const { body } = await fetch(`${server.address}/blocks?${LARGE / 65536}`);
      for await (const block of body ?? []) size += block.length;
      expect(size).to.equal(LARGE);
    });
    expect(grown).to.be.below(LITTLE);
    expect((await peak()) - before).to.be.below(LITTLE / 1024);
  });

  it('sends back a large body while it comes, in little memory, intact', async () => {
    const before = await peak();
    const grown = await growth(async () => {
      const { sent, came } = await send('/echoes', LARGE);
      expect(came).to.equal(sent);
    });
    expect(grown).to.be.below(LITTLE);
    expect((await peak()) - before).to.be.below(LITTLE / 1024);
  });

  it('answers 500 to a handler that takes more memory than there is, and its process goes on', async function () {
    if (process.platform !== 'linux') this.skip();
    const pid = await (await fetch(`${server.address}/whoami`)).text();
    const log = await captureLog(async () => {
      expect((await fetch(`${server.address}/grows`)).status).to.equal(500);
    });
    expect(log).to.match(/GET \/grows: Error in the application[\s\S]*MemoryError/);
    expect(await (await fetch(`${server.address}/whoami`)).text()).to.equal(pid);
  });
});

describe('maxRequests of fromPython', function () {
  this.timeout(120_000);
  before(function () {
    requirePython(this);
  });

  it('replaces a process after so many requests, none of which is lost', async () => {
    const app = fromPython('behaviour:application', {
      python: 'python3',
      chdir,
      threads: 2,
      maxRequests: 20,
      maxRequestsJitter: 5,
    });
    const client = new Client(app);
    const leaked = new Map<string, number>();
    await until(async () => {
      const answers = await Promise.all([client.get('/leaks'), client.get('/leaks')]);
      for (const { status, text } of answers) {
        expect(status).to.equal('200 OK');
        const [pid = '', megabytes] = text.split(' ');
        leaked.set(pid, Math.max(leaked.get(pid) ?? 0, Number(megabytes)));
      }
      return leaked.size >= 4;
    }, 'the third replacement');
    const [first = ''] = leaked.keys();
    await until(() => !isAlive(Number(first)), 'the end of the first process');
    await app.close();
    for (const pid of leaked.keys()) expect(isAlive(Number(pid)), pid).to.equal(false);
    expect(leaked.get(first)).to.be.at.least(20);
  });

  it('goes on with the process that it has where another one cannot load, and says so', async () => {
    const env: Record<string, string> = {};
    const app = fromPython('loads_once:application', {
      chdir,
      python: 'python3',
      threads: 1,
      maxRequests: 2,
      env,
    });
    const client = new Client(app);
    const { stream } = logger;
    let log = '';
    logger.stream = { write: (text) => (log += text) };
    try {
      const pid = (await client.get('/')).text;
      env['WSGI_SPEC_BROKEN'] = 'yes';
      await until(async () => {
        expect((await client.get('/')).text).to.equal(pid);
        return log.split('not this time').length > 3;
      }, 'two failures');
      delete env['WSGI_SPEC_BROKEN'];
      await until(async () => (await client.get('/')).text !== pid, 'another process');
    } finally {
      logger.stream = stream;
      await app.close();
    }
    expect(log).to.match(/The Python application could not be loaded: [\s\S]*RuntimeError: not this time/);
  });
});
