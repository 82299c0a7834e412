/** `toNodeHandler('./site.js:app', { threads })`: an application that blocks in another framework's server. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createGzip } from 'node:zlib';
import { expect } from 'chai';
import express, { type RequestHandler } from 'express';
import type { Application } from '../../../../lib/environ/types.js';
import { ConfigError } from '../../../../lib/errors.js';
import {
  type NodeHandler,
  type ThreadedNodeHandlerOptions,
  toNodeHandler,
} from '../../../../lib/server/adapters/node/node-handler.js';
import { show, shown } from '../../../support/answer.js';
import { captureLog, closeServers, host } from '../../../support/serve.js';
import { scriptOf } from '../../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';
import { closeClients, WebSocketClient } from '../../../support/web-socket-client.js';

const SCRIPT = scriptOf('../threaded-app.ts', import.meta.url);

/** As the package `compression`: writes go to a stream, and the callback of a write is left out. */
const compress: RequestHandler = (_request, response, next) => {
  const gzip = createGzip({ level: 1 });
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  response.setHeader('Content-Encoding', 'gzip');
  gzip.on('data', (chunk) => {
    if (!write(chunk)) gzip.pause();
  });
  response.socket?.on('drain', () => gzip.resume());
  gzip.on('drain', () => response.emit('drain'));
  gzip.on('end', () => end());
  Object.assign(response, {
    write: (chunk: Buffer) => gzip.write(chunk),
    end: (chunk?: Buffer) => gzip.end(chunk),
    flush: () => gzip.flush(),
  });
  next();
};

describe('toNodeHandler with threads', function () {
  this.timeout(60_000);
  const handlers: NodeHandler[] = [];

  afterEach(async () => {
    closeClients();
    await closeServers();
    await Promise.all(handlers.splice(0).map((handler) => handler.close()));
    removeTemporaryFolders();
  });

  function threaded(more: Partial<ThreadedNodeHandlerOptions> = {}, name: string | URL = `${SCRIPT}:app`) {
    const handler = toNodeHandler(name, { threads: 2, ...more });
    handlers.push(handler);
    return handler;
  }

  async function mounted(handler: NodeHandler) {
    const site = express();
    site.use((request, _response, next) => {
      request.headers['x-host'] = 'added';
      delete request.headers['x-secret'];
      next();
    });
    site.use('/raw', express.raw({ type: '*/*', limit: '1mb' }), handler);
    site.use('/json', express.json(), handler);
    site.use('/a%20b', handler);
    site.use((_request, response) => void response.status(404).send('host'));
    const server = createServer(site);
    server.on('upgrade', handler.upgrade);
    return host(server);
  }

  it('shows the same environ as on the event loop: mount point, target, headers, connection', async () => {
    const options = { environ: { 'my.key': 'mine' }, serverName: 'example.com', ident: 'spec' };
    const threads = await mounted(threaded(options));
    const here = await mounted(toNodeHandler(show as Application, options));
    const changing = new Set(['REMOTE_PORT', 'SERVER_PORT', 'HTTP_HOST']);
    const headers = { 'X-Secret': 'no', 'X-Two': 'a', Cookie: 'a=1', 'Content-Type': 'text/plain' };
    for (const path of ['/a%20b/c%2Fd?x=%20y', '/a%20b', '/a%20b/', '/raw/x?', '/raw']) {
      for (const init of [{ headers }, { method: 'POST', body: 'body', headers }]) {
        const expected = await shown(here.url + path, init);
        const actual = await shown(threads.url + path, init);
        for (const key of Object.keys(expected)) {
          if (!changing.has(key)) expect(actual[key], `${key} of ${path}`).to.equal(expected[key]);
        }
        expect(actual).to.include({ 'node.nonblocking': false, 'wsgi.multiprocess': true });
        expect(actual['HTTP_X_HOST']).to.equal('added');
        expect(actual).not.to.have.property('HTTP_X_SECRET');
      }
    }
    expect(await (await fetch(`${threads.url}/else`)).text()).to.equal('host');
  });

  it('keeps what middleware writes in its place, line feeds and text too', async () => {
    const values = { 'x-user': 'Ada\nX-Admin\n1', 'x-text': 'Ада' };
    const seenOf = async (handler: NodeHandler) => {
      const { url } = await host((request, response) => {
        const originalUrl = request.url as string;
        Object.assign(request, { originalUrl, url: decodeURI(originalUrl) });
        Object.assign(request.headers, values);
        handler(request, response);
      });
      return shown(`${url}/a%0Ab?c%0A192.0.2.1%0Ad`);
    };
    const [expected, actual] = [await seenOf(toNodeHandler(show)), await seenOf(threaded())];
    expect(expected).to.include({ HTTP_X_USER: values['x-user'], PATH_INFO: '/a\nb' });
    for (const own of ['REMOTE_PORT', 'SERVER_PORT', 'HTTP_HOST', 'node.nonblocking', 'wsgi.multiprocess']) {
      delete expected[own];
    }
    expect(actual).to.include(expected);
    expect(actual).not.to.have.property('HTTP_X_ADMIN');
  });

  it('keeps what a host says of the connection in its place, line feeds too', async () => {
    const seenOf = async (handler: NodeHandler) => {
      const { url } = await host((request, response) => {
        const given = { remoteAddress: '192.0.2.1\n1\nevil', localAddress: 'a\n80\nX-Admin\n1' };
        for (const [name, value] of Object.entries(given))
          Object.defineProperty(request.socket, name, { value });
        handler(request, response);
      });
      return shown(`${url}/x`);
    };
    const [expected, actual] = [await seenOf(toNodeHandler(show)), await seenOf(threaded())];
    expect(expected).to.include({ REMOTE_ADDR: '192.0.2.1\n1\nevil', SERVER_NAME: 'a\n80\nX-Admin\n1' });
    for (const own of ['REMOTE_PORT', 'SERVER_PORT', 'HTTP_HOST', 'node.nonblocking', 'wsgi.multiprocess']) {
      delete expected[own];
    }
    expect(actual).to.include(expected);
    expect(actual).to.have.property('SERVER_PORT').that.matches(/^\d+$/);
    expect(actual).not.to.have.property('HTTP_X_ADMIN');
  });

  it('has the option scriptName above the mount point, and 404 outside of it', async () => {
    const { url } = await host(threaded({ scriptName: '/app' }));
    expect(await shown(`${url}/app/x`)).to.include({ SCRIPT_NAME: '/app', PATH_INFO: '/x' });
    expect((await fetch(`${url}/x`)).status).to.equal(404);
  });

  it('trusts the proxies that it is told to', async () => {
    const { url } = await host(threaded({ forwardedAllowIps: ['127.0.0.1'] }));
    const seen = await shown(url, {
      headers: { 'X-Forwarded-For': '192.0.2.1', 'X-Forwarded-Proto': 'https' },
    });
    expect(seen).to.include({ REMOTE_ADDR: '192.0.2.1', 'wsgi.url_scheme': 'https' });
  });

  it('reads bodies, also one that a parser has kept, and refuses one that was lost', async () => {
    const { url } = await mounted(threaded({ limitRequestBody: 400_000 }));
    const large = 'x'.repeat(300_000);
    const post = (path: string, body: string, type = 'text/plain') =>
      fetch(url + path, { method: 'POST', body, headers: { 'Content-Type': type } });
    for (const path of ['/raw/x', '/a%20b/x']) {
      for (const body of ['small', large]) {
        const { body: read } = (await (await post(path, body)).json()) as { body: string };
        expect(read === body, `${body.length} bytes to ${path}`).to.equal(true);
      }
    }
    const log = await captureLog(async () => {
      expect((await post('/json/x', '{"a":1}', 'application/json')).status).to.equal(500);
    });
    expect(log).to.contain('was read before the application got it');
    expect((await post('/a%20b/x', 'x'.repeat(500_000))).status).to.equal(413);
  });

  it('answers requests side by side, each in a thread', async () => {
    const handler = threaded();
    await handler.ready;
    const { url } = await host(handler);
    const both = `${url}/both?${temporaryFolder()}`;
    const ids = await Promise.all([1, 2].map(async () => (await fetch(both)).text()));
    expect(new Set(ids).size).to.equal(2);
  });

  it('sends large responses whole, block by block, also through compression', async () => {
    const handler = threaded();
    const site = express();
    site.use('/small', compress, handler);
    site.use('/', handler);
    const { url } = await host(createServer(site));
    for (const path of ['/large', '/small/large']) {
      const response = await fetch(url + path);
      const bytes = Buffer.from(await response.arrayBuffer());
      const right = Array.from({ length: 200 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000));
      expect(bytes.length).to.equal(20_000_000);
      expect(right.every((block, i) => block.equals(Buffer.alloc(100_000, i)))).to.equal(true);
    }
    const file = join(temporaryFolder(), 'go');
    const reader = (await fetch(`${url}/slow?${file}`)).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('first ');
    writeFileSync(file, '');
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('second');
  });

  it('gives middleware that keeps what a response had bytes that stay as they are', async () => {
    const handler = threaded();
    const kept: Buffer[] = [];
    const keep: RequestHandler = (_request, response, next) => {
      const end = response.end.bind(response);
      Object.assign(response, {
        end: (chunk: Buffer) => {
          kept.push(chunk);
          return end(chunk);
        },
      });
      next();
    };
    const { url } = await host(createServer(express().use(keep, handler)));
    for (const value of [1, 2, 3]) await (await fetch(`${url}/whole?300000,${value}`)).arrayBuffer();
    expect(kept.map((bytes, i) => bytes.equals(Buffer.alloc(300_000, i + 1)))).to.deep.equal([
      true,
      true,
      true,
    ]);
  });

  it('cuts a response whose handler fails, and answers 500 before it has begun', async () => {
    const { url } = await host(threaded());
    const response = await fetch(`${url}/cut`);
    const failed = await response.text().then(
      () => 'whole',
      () => 'cut',
    );
    expect(failed).to.equal('cut');
    expect((await fetch(`${url}/throws`)).status).to.equal(500);
    expect((await fetch(`${url}/x`)).status).to.equal(200);
  });

  it('serves WebSockets where it is mounted', async () => {
    const { port } = await mounted(threaded());
    const client = await WebSocketClient.connect(port, { path: '/raw/echo' });
    client.client.send('héllo');
    expect(await client.next()).to.equal('héllo');
    expect(await client.close(4000, 'bye')).to.deep.equal({ code: 4000, reason: 'bye' });
  });

  it('ends WebSockets and threads with close(); the second call ends what still runs', async () => {
    const handler = threaded({ threads: 1 });
    let came = 0;
    const { url } = await host((...args) => {
      came++;
      handler(...args);
    });
    const leaving = new AbortController();
    const left = fetch(`${url}/forever`, { signal: leaving.signal });
    await left;
    leaving.abort();
    const stuck = fetch(`${url}/forever`);
    stuck.catch(() => undefined);
    await until(() => came === 2, 'the second request');
    let closed = false;
    const closing = handler.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(closed).to.equal(false);
    await handler.close();
    await closing;
    expect((await stuck).status).to.equal(500);
  });

  it('takes a URL, as text too', async () => {
    const url = new URL(`${pathToFileURL(SCRIPT)}:show`);
    for (const name of [url, url.href]) {
      const running = await host(threaded({ threads: 1 }, name));
      expect(await shown(`${running.url}/thread`)).to.include({ PATH_INFO: '/thread' });
    }
  });

  it('says what cannot be loaded, in `ready` and in the log', async () => {
    const log = await captureLog(async () => {
      const handler = threaded({}, `${SCRIPT}:none`);
      const error = await handler.ready.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ConfigError);
      expect(String(error)).to.contain('does not export none');
      const { url } = await host(handler);
      expect((await fetch(url)).status).to.be.oneOf([500, 503]);
    });
    expect(log).to.contain('does not export none');
  });

  it('refuses a function with threads, a name without, and what cannot work', () => {
    const app: Application = () => [];
    const given =
      (...args: unknown[]) =>
      () =>
        (toNodeHandler as (...args: unknown[]) => unknown)(...args);
    expect(given(app, { threads: 2 })).to.throw(
      ConfigError,
      "With the option threads toNodeHandler takes the name of the application, for each thread loads it: toNodeHandler('./site.js:app', { threads: 2 })",
    );
    expect(given('./site.js:app')).to.throw(
      ConfigError,
      "write toNodeHandler('./site.js:app', { threads: 8 })",
    );
    expect(given('a:b:c', { threads: 2 })).to.throw(ConfigError, 'does not name an application');
    expect(given(new URL('http://x/app.js'), { threads: 2 })).to.throw(ConfigError, 'not the URL of a file');
    const environ = { 'my.function': () => 1 };
    expect(given('x.js:app', { threads: 2, environ })).to.throw(ConfigError, 'cannot be sent to a thread');
    expect(given('x.js:app', { threads: 2, port: 1 })).to.throw(ConfigError, 'no option port');
  });

  it('refuses to start threads in its own threads', async () => {
    const lib = pathToFileURL(scriptOf('../../../../lib/index.ts', import.meta.url)).href;
    const self = `
      import { toNodeHandler } from ${JSON.stringify(lib)};
      export const handler = toNodeHandler(import.meta.filename + ':app', { threads: 1 });
      export const app = () => [];`;
    const folder = temporaryFolder({ 'self.mjs': self });
    const log = await captureLog(async () => {
      const handler = threaded({}, `${folder}/self.mjs:app`);
      expect(String(await handler.ready.catch((error: unknown) => error))).to.contain(
        'works only in the main thread',
      );
    });
    expect(log).to.contain('works only in the main thread');
  });
});
