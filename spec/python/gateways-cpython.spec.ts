/** `fromPython` in every place that takes an application: other frameworks' servers, fetch, mirror, choose, mounts, threads. */
import { createServer } from 'node:http';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { dispatcher } from '../../lib/middleware/dispatcher.js';
import type { MirrorResult } from '../../lib/porting/mirror/copies.js';
import { mirror } from '../../lib/porting/mirror/mirror.js';
import { fromPython, type PythonApplication } from '../../lib/python/from-python.js';
import { toFetchHandler } from '../../lib/server/adapters/fetch/fetch-handler.js';
import { toNodeHandler } from '../../lib/server/adapters/node/node-handler.js';
import { Client } from '../../lib/testing/client.js';
import { validator } from '../../lib/validate/validator.js';
import { APPLICATIONS as chdir, requirePython } from '../support/python.js';
import { captureLog, closeServers, host, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const BODY = Buffer.alloc(300_000, 'abc');

describe('an application in Python', () => {
  let app: PythonApplication;
  before(async function () {
    requirePython(this);
    app = fromPython('behaviour:application', { chdir, python: 'python3', threads: 4, timeout: 0 });
    await app.ready;
  });
  afterEach(async () => {
    closeClients();
    await closeServers();
  });
  after(() => app?.close());

  it('answers in a server of Node, with uploads, streams and errors', async () => {
    const { url } = await host(createServer(toNodeHandler(app)));
    expect(await (await fetch(`${url}/x`)).text()).to.equal('hello from Python at |/x');
    const counted = await fetch(`${url}/count`, { method: 'POST', body: BODY });
    expect(await counted.text()).to.equal(String(BODY.length));
    const blocks = await (await fetch(`${url}/blocks?20`)).arrayBuffer();
    expect(blocks.byteLength).to.equal(20 * 65536);
    const log = await captureLog(async () => expect((await fetch(`${url}/pairs`)).status).to.equal(500));
    expect(log).to.include('Header 0 is not a (name, value) tuple but str');
  });

  it('has WebSockets in a server of Node', async () => {
    const server = createServer();
    const handler = toNodeHandler(app);
    server.on('request', handler).on('upgrade', handler.upgrade);
    const { port } = await host(server);
    const client = new WebSocketClient(port, { path: '/chat' });
    client.client.once('open', () => client.client.send('hi'));
    expect(await client.next()).to.equal('you: hi');
  });

  it('answers requests of fetch', async () => {
    const handler = toFetchHandler(app);
    const hello = await handler(new Request('http://site.example/a%20b?q'));
    expect(await hello.text()).to.equal('hello from Python at |/a b');
    const counted = await handler(new Request('http://site.example/count', { method: 'POST', body: BODY }));
    expect(await counted.text()).to.equal(String(BODY.length));
    const blocks = await (await handler(new Request('http://site.example/blocks?20'))).arrayBuffer();
    expect(blocks.byteLength).to.equal(20 * 65536);
    const file = await handler(new Request('http://site.example/on-disk'));
    expect(await file.text()).to.match(/^import os\n/m);
  });

  it('is mounted beside others, and may have middleware around it that the validator judges', async () => {
    const other: Application = (_environ, start_response) => {
      start_response('200 OK', [['Content-Type', 'text/plain']]);
      return [Buffer.from('from JavaScript')];
    };
    const client = new Client(dispatcher(other, { '/py': validator(app) }));
    expect((await client.get('/')).text).to.equal('from JavaScript');
    expect((await client.get('/py/x')).text).to.equal('hello from Python at /py|/x');
    expect((await client.post('/py/count', { body: BODY })).text).to.equal(String(BODY.length));
    const socket = await client.websocket('/py/chat');
    socket.send('hi');
    expect(await socket.receive()).to.equal('you: hi');
    await socket.close();
  });

  it('is the original of a mirror, and the candidate', async () => {
    const results: MirrorResult[] = [];
    const report = (result: MirrorResult) => void results.push(result);
    const ported: Application = ({ PATH_INFO }, start_response) => {
      start_response('200 OK', [['Content-Type', 'text/plain']]);
      return [Buffer.from(PATH_INFO === '/x' ? 'hello from Python at |/x' : 'otherwise')];
    };
    for (const [original, candidate] of [
      [app, ported],
      [ported, app],
    ] as const) {
      results.length = 0;
      const { address } = await serveApp(mirror(original, candidate, { report }));
      for (const path of ['/x', '/y']) await (await fetch(address + path)).text();
      await until(() => results.length === 2, 'both results');
      const verdicts = results.map(({ exchange, verdict }) => `${exchange.request.target} ${verdict}`);
      expect(verdicts.sort()).to.deep.equal(['/x equal', '/y different']);
    }
  });

  it('says how to have threads where it is given those of handlers in JavaScript', async () => {
    const environ = { ...(await environOf(app)), 'node.nonblocking': false };
    const failure = await Promise.resolve(app(environ as never, () => () => undefined)).catch(String);
    expect(failure).to.match(/leave out --threads, and give fromPython\(\) the option threads/);
  });
});

/** What a handler is given. */
async function environOf(app: Application): Promise<object> {
  let seen: object = {};
  const spy: Application = (environ, start_response) => {
    seen = { ...environ };
    return app(environ, start_response);
  };
  await new Client(spy).get('/');
  return seen;
}
