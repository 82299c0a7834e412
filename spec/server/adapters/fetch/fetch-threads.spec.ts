/** `toFetchHandler('./site.js:app', { threads })`: an application that blocks in Hono and other fetch servers. */
import { existsSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { expect } from 'chai';
import { Hono } from 'hono';
import type { Application } from '../../../../lib/environ/types.js';
import { ConfigError } from '../../../../lib/errors.js';
import {
  type FetchHandler,
  type ThreadedFetchHandlerOptions,
  toFetchHandler,
} from '../../../../lib/server/adapters/fetch/fetch-handler.js';
import { type Shown, show } from '../../../support/answer.js';
import { captureLog, closeServers, host } from '../../../support/serve.js';
import { scriptOf } from '../../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';

const SCRIPT = scriptOf('../threaded-app.ts', import.meta.url);

describe('toFetchHandler with threads', function () {
  this.timeout(60_000);
  const handlers: FetchHandler[] = [];

  afterEach(async () => {
    await closeServers();
    await Promise.all(handlers.splice(0).map((handler) => handler.close()));
    removeTemporaryFolders();
  });

  function threaded(more: Partial<ThreadedFetchHandlerOptions> = {}): FetchHandler {
    const handler = toFetchHandler(`${SCRIPT}:app`, { threads: 2, ...more });
    handlers.push(handler);
    return handler;
  }

  const jsonOf = async (handler: FetchHandler, ...args: ConstructorParameters<typeof Request>) =>
    (await (await handler(new Request(...args))).json()) as Shown;

  it('shows the same environ as on the event loop', async () => {
    const remoteAddr = () => '192.0.2.7';
    const options = { scriptName: '/app', remoteAddr, environ: { 'my.key': 'mine' }, ident: 'spec' };
    const [threads, here] = [threaded(options), toFetchHandler(show as Application, options)];
    const headers = { 'X-Two': 'a', Cookie: 'a=1', 'Content-Type': 'text/plain' };
    for (const path of ['/app/c%2Fd?x=%20y', '/app', '/app/?']) {
      for (const init of [{ headers }, { method: 'POST', body: 'body', headers }]) {
        const url = `https://example.com:8443${path}`;
        const [expected, actual] = [await jsonOf(here, url, init), await jsonOf(threads, url, init)];
        expect(actual).to.include(expected);
        expect(actual).to.include({ 'node.nonblocking': false, REMOTE_ADDR: '192.0.2.7' });
      }
    }
    expect((await threads(new Request('http://h/else'))).status).to.equal(404);
  });

  it('has no early hints, which no Response can carry', async () => {
    const keys = await (await threaded()(new Request('http://h/keys'))).json();
    expect(keys).to.include('wsgi.errors').and.not.to.include('wsgi.early_hints');
  });

  it('reads bodies of all sizes, and refuses one over the limit', async () => {
    const handler = threaded({ limitRequestBody: 3_000_000 });
    for (const size of [0, 10, 100_000, 3_000_000]) {
      const { body } = await jsonOf(handler, 'http://h/', { method: 'POST', body: 'x'.repeat(size) });
      expect(body.length).to.equal(size);
    }
    const large = new Request('http://h/', { method: 'POST', body: 'x'.repeat(3_000_001) });
    expect((await handler(large)).status).to.equal(413);
  });

  it('sends large responses whole, and block by block', async () => {
    const handler = threaded();
    const bytes = Buffer.from(await (await handler(new Request('http://h/large'))).arrayBuffer());
    const right = Array.from({ length: 200 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000));
    expect(bytes.length).to.equal(20_000_000);
    expect(right.every((block, i) => block.equals(Buffer.alloc(100_000, i)))).to.equal(true);
    const file = join(temporaryFolder(), 'go');
    const reader = (await handler(new Request(`http://h/slow?${file}`))).body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('first ');
    writeFileSync(file, '');
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).to.equal('second');
  });

  it('keeps what a whole response had, whatever is sent after it', async () => {
    const handler = threaded();
    const sizes = [20_000, 70_000, 1_000_000, 3_000_000];
    const paths = sizes.flatMap((size) => [1, 2].map((value) => ({ size, value })));
    const responses: Response[] = [];
    for (const { size, value } of paths) {
      responses.push(await handler(new Request(`http://h/whole?${size},${value}`)));
    }
    for (const [index, { size, value }] of paths.entries()) {
      const bytes = Buffer.from(await (responses[index] as Response).arrayBuffer());
      expect(bytes.equals(Buffer.alloc(size, value)), `${size} bytes`).to.equal(true);
    }
  });

  it('makes a handler wait for a slow reader, which delays no other request', async () => {
    const handler = threaded({ threads: 1 });
    const slow = await handler(new Request('http://h/large'));
    const reader = slow.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    // The thread is free again.
    expect((await handler(new Request('http://h/x'))).status).to.equal(200);
  });

  it('answers side by side, under Hono', async () => {
    const handler = threaded({ scriptName: '/app' });
    await handler.ready;
    const site = new Hono();
    site.all('/app/*', (context) => handler(context.req.raw, context.env));
    const { url } = await host(serve({ fetch: site.fetch, port: 0, hostname: '127.0.0.1' }) as Server);
    const both = `${url}/app/both?${temporaryFolder()}`;
    const ids = await Promise.all([1, 2].map(async () => (await fetch(both)).text()));
    expect(new Set(ids).size).to.equal(2);
    const { REMOTE_ADDR } = (await (await fetch(`${url}/app/x`)).json()) as Shown;
    expect(REMOTE_ADDR).to.equal('127.0.0.1');
  });

  it('cuts a response whose handler fails, and answers 500 before it has begun', async () => {
    const handler = threaded();
    const response = await handler(new Request('http://h/cut'));
    expect(await response.text().catch(() => 'cut')).to.equal('cut');
    expect((await handler(new Request('http://h/throws'))).status).to.equal(500);
  });

  it('tells the handler that its client has left', async () => {
    const handler = threaded({ threads: 1 });
    const aborter = new AbortController();
    const file = join(temporaryFolder(), 'begun');
    const answer = handler(new Request(`http://h/sleeps?${file}`, { signal: aborter.signal }));
    await until(() => existsSync(file), 'the handler');
    aborter.abort();
    // Its sleep of a minute ended with its client.
    expect((await answer).status).to.equal(499);
    expect((await handler(new Request('http://h/x'))).status).to.equal(200);
    const gone = new Request('http://h/x', { signal: AbortSignal.abort() });
    expect((await handler(gone)).status).to.equal(499);
  });

  it('ends a handler that runs for too long', async () => {
    const handler = threaded({ threads: 1, timeout: 0.4 });
    const log = await captureLog(async () => {
      const response = await handler(new Request('http://h/forever'));
      expect(await response.text().catch(() => 'cut')).to.equal('cut');
      await until(async () => (await handler(new Request('http://h/x'))).status === 200, 'another thread');
    });
    expect(log).to.contain('its thread was ended');
  });

  it('waits in close() for what runs, and ends it in the second call', async () => {
    const handler = threaded({ threads: 1 });
    const answer = handler(new Request('http://h/thread'));
    await handler.close();
    expect((await answer).status).to.equal(200);
    expect((await handler(new Request('http://h/x'))).status).to.equal(503);
    const other = threaded({ threads: 1 });
    const stuck = await other(new Request('http://h/forever'));
    const closing = other.close();
    await other.close();
    await closing;
    expect(await stuck.text().catch(() => 'cut')).to.equal('cut');
  });

  it('refuses what cannot work', async () => {
    const app: Application = () => [];
    const given =
      (...args: unknown[]) =>
      () =>
        (toFetchHandler as (...args: unknown[]) => unknown)(...args);
    expect(given(app, { threads: 2 })).to.throw(
      ConfigError,
      'toFetchHandler takes the name of the application',
    );
    expect(given('./site.js:app')).to.throw(ConfigError, 'with the option threads only');
    expect(given(app, { timeout: 3 })).to.throw(ConfigError, 'no option timeout without threads');
    const handler = toFetchHandler(app);
    await handler.ready;
    await handler.close();
  });
});
