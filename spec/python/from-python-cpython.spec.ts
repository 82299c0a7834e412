/** `fromPython` on CPython: an ordinary application, for servers, mounts and the client for tests. */
import { join } from 'node:path';
import { expect } from 'chai';
import { dispatcher } from '../../lib/middleware/dispatcher.js';
import { fromPython } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { requirePython } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { ROOT } from '../support/source.js';
import { until } from '../support/until.js';

const chdir = join(ROOT, 'spec', 'python', 'applications');

describe('fromPython', () => {
  const app = fromPython('behaviour:application', { chdir, timeout: 0 });
  const client = new Client(app);
  before(async function () {
    requirePython(this);
    await app.ready;
  });
  after(() => app.close());
  afterEach(closeServers);

  it('says which Python runs, and how', async () => {
    const { implementation, version, summary } = await app.ready;
    expect(implementation).to.equal('CPython');
    expect(summary).to.equal(`CPython ${version}, 1 process of 8 threads`);
  });

  it('answers like any application, mounted beside others', async () => {
    const mounted = new Client(dispatcher(() => [], { '/old': app }));
    expect((await mounted.get('/old/x')).text).to.equal('hello from Python at /old|/x');
  });

  it('satisfies the validator of wsgiref', async () => {
    expect((await client.get('/valid')).text).to.match(/^hello from Python/);
  });

  it('takes a large upload and gives a large download', async () => {
    const server = await serveApp(app);
    const size = 20_000_000;
    const upload = await fetch(`${server.address}/count`, { method: 'POST', body: Buffer.alloc(size, 'u') });
    expect(await upload.text()).to.equal(String(size));
    const download = await fetch(`${server.address}/blocks?300`);
    expect((await download.arrayBuffer()).byteLength).to.equal(300 * 65536);
  });

  it('sends the rest of a file on disk, with its length', async () => {
    const response = await client.get('/on-disk');
    expect(response.header('Content-Length')).to.equal(String(Buffer.byteLength(response.text)));
    expect(response.text).to.match(/^import os\n[\s\S]*def application/m);
  });

  it('logs what is printed with the request, in order with its errors', async () => {
    const server = await serveApp(app);
    const log = await captureLog(async () => {
      expect((await fetch(`${server.address}/prints?secret`)).status).to.equal(500);
    });
    const lines = log.split('\n').map((line) => line.trim());
    expect(lines.slice(0, 3)).to.deep.equal([
      'GET /prints: printed line',
      'GET /prints: to stderr',
      'GET /prints: no newline',
    ]);
    expect(log).to.match(
      /GET \/prints: Error in the application [\s\S]*in prints[\s\S]*ValueError: and an error/,
    );
    expect(log).to.not.include('secret');
  });

  it('says what is wrong in the words of Python', async () => {
    const rules = (await client.get('/rules')).text.split('\n');
    expect(rules[0]).to.equal('AssertionError: The headers must be a list of (name, value) tuples, not dict');
    expect(rules[1]).to.match(/AssertionError: start_response was already called/);
    const log = await captureLog(async () => {
      const server = await serveApp(app);
      expect((await fetch(`${server.address}/pairs`)).status).to.equal(500);
      expect((await fetch(`${server.address}/text-item`)).status).to.equal(500);
    });
    expect(log).to.include('Header 0 is not a (name, value) tuple but str');
    expect(log).to.include('The body has an item that is str, not bytes (encode it)');
  });

  it('refuses to read the input of a request that is over', async () => {
    expect((await client.get('/keeps-input')).text).to.equal('first');
    expect((await client.get('/keeps-input')).text).to.match(/^ValueError: .* was read after the response/);
  });

  it('has WebSockets, which a framework may end with a response', async () => {
    const socket = await client.websocket('/chat');
    socket.send('hello');
    expect(await socket.receive()).to.equal('you: hello');
    socket.send(Buffer.from([1, 2, 3]));
    expect(await socket.receive()).to.deep.equal(Buffer.from([1, 2, 3]));
    await socket.close();
  });

  it('lets threads of the application send and receive, and ends those that it leaves behind', async () => {
    const socket = await client.websocket('/threads');
    expect(await socket.receive()).to.equal('begin');
    expect(await socket.receive()).to.equal('from a thread');
    socket.send('answer');
    expect(await socket.receive()).to.equal('answer');
    expect((await client.get('/left-behind')).text).to.match(/WebSocketError|nothing/);
  });

  it('ends Python with close(), and starts it again for the next request', async () => {
    const other = fromPython('behaviour:application', { chdir, threads: 1, workers: 2 });
    const pids = new Set<string>();
    await until(async () => {
      const found = await Promise.all([1, 2].map(() => new Client(other).get('/whoami')));
      for (const { text } of found) pids.add(text);
      return pids.size === 2;
    });
    await other.close();
    for (const pid of pids) expect(() => process.kill(Number(pid), 0)).to.throw();
    const again = (await new Client(other).get('/whoami')).text;
    expect(pids).to.not.include(again);
    await other.close();
  });

  it('says in one sentence what cannot be loaded, with the traceback of the application', async () => {
    const failure = async (target: string) => {
      const wrong = fromPython(target, { chdir, threads: 1 });
      try {
        await wrong.ready;
        return 'loaded';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(await failure('nowhere:app')).to.match(/There is no Python module nowhere/);
    expect(await failure('behaviour:nothing')).to.match(/behaviour has no nothing$/);
    expect(await failure('behaviour:PLAIN')).to.match(/PLAIN in behaviour is not callable: it is list/);
    expect(await failure('broken.py:app')).to.match(
      /broken failed while it was loading\nTraceback[\s\S]*ZeroDivisionError/,
    );
  });
});
