/** mirror(), choose() and forward() where handlers run in threads, and candidates with a thread of their own. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { WebSocket, WebSocketServer } from 'ws';
import type { Application } from '../../../lib/environ/types.js';
import { type MirrorResult, mirror } from '../../../lib/porting/index.js';
import { resolveOptions } from '../../../lib/server/options/options.js';
import { Server } from '../../../lib/server/server.js';
import { captureLog, closeServers, type Host, host, nextLine, serveApp } from '../../support/serve.js';
import { scriptOf } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const SCRIPT = scriptOf('threads-site.ts', import.meta.url);
const NAMED = `${scriptOf('named-candidate.ts', import.meta.url)}:app`;

describe('mirror in threads', function () {
  this.timeout(60_000);
  let server: Server;
  let record: string;
  let upstream: Host;
  let url: string;

  before(async () => {
    const http = createServer((req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/plain' });
      req.on('data', (data) => res.write(data)).on('end', () => res.end('fine'));
    });
    new WebSocketServer({ server: http }).on('connection', (socket) => {
      socket.send('welcome');
      socket.on('message', (data, binary) => {
        if (String(data) === 'close without a code') socket.close();
        else socket.send(data, { binary });
      });
    });
    upstream = await host(http);
    record = join(temporaryFolder({ record: '' }), 'record');
    process.env['WSGI_SPEC_RECORD'] = record;
    process.env['WSGI_SPEC_NAMED'] = NAMED;
    process.env['WSGI_SPEC_UPSTREAM'] = upstream.url;
    const options = { host: '127.0.0.1', port: 0, threads: 2, gracefulTimeout: 0.5 };
    server = new Server(() => [], resolveOptions(options), { script: SCRIPT });
    await server.listening;
    url = `http://127.0.0.1:${server.serverPort}`;
  });

  after(async () => {
    await server.close();
    await closeServers();
    removeTemporaryFolders();
  });

  const text = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).text();
  const results = (): { target: string; verdict: string; failure?: string; body?: string }[] =>
    readFileSync(record, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const resultOf = async (target: string) => {
    await until(() => results().some((one) => one.target === target), `a report of ${target}`);
    return results().find((one) => one.target === target);
  };

  it('runs the candidate beside the thread of the original', async () => {
    expect(await text('/thread')).to.equal('fine');
    expect((await resultOf('/thread'))?.body).to.match(/thread \d+/);
    expect(await text('/plain')).to.equal('fine');
    expect((await resultOf('/plain'))?.verdict).to.equal('equal');
    expect(await text('/other')).to.equal('fine');
  });

  for (const [path, failure] of [
    ['/exit', /it ended its thread with process\.exit\(7\)/],
    ['/loop', /timed out after 1 s/],
    ['/hang', /timed out after 1 s/],
    ['/throw-later', /it ended its thread: it threw RangeError: nobody catches this/],
    ['/throw', /it threw TypeError: it broke/],
  ] as const) {
    it(`answers on, and goes on, where the candidate does this: ${path}`, async () => {
      expect(await text(path)).to.equal('fine');
      const answers = await Promise.all(Array.from({ length: 4 }, () => text('/plain')));
      expect(answers).to.deep.equal(Array(4).fill('fine'));
      expect((await resultOf(path))?.failure).to.match(failure);
      expect(await text(`/sleep?after${path}`)).to.equal('fine');
      expect((await resultOf(`/sleep?after${path}`))?.verdict).to.equal('equal');
    });
  }

  it('reads no more than the limit of 1 GiB', async () => {
    expect(await text('/large')).to.equal('fine');
    expect((await resultOf('/large'))?.body).to.equal('more than 1048576 bytes');
  });

  it('copies a body that the original reads', async () => {
    expect(await text('/post', { method: 'POST', body: 'a body' })).to.equal('a body');
    expect((await resultOf('/post'))?.verdict).to.equal('equal');
  });

  it('loads a candidate that is named, and asks one that is a URL', async () => {
    for (const path of ['/named/a', '/url']) {
      expect(await text(path)).to.equal('fine');
      expect((await resultOf(path))?.verdict).to.equal('equal');
    }
  });

  it('forwards requests and WebSockets from a thread', async () => {
    const body = 'a'.repeat(300_000);
    expect(await text('/forward', { method: 'POST', body })).to.equal(`${body}fine`);
    const client = new WebSocket(`${url.replace('http', 'ws')}/forward`);
    const received: string[] = [];
    client.on('message', (data) => received.push(String(data)));
    await once(client, 'open');
    client.send('hello');
    await until(() => received.length === 2);
    expect(received).to.deep.equal(['welcome', 'hello']);
    client.close(4001);
    expect((await once(client, 'close'))[0]).to.equal(4001);
    const second = new WebSocket(`${url.replace('http', 'ws')}/forward`);
    await once(second, 'message');
    second.send('close without a code');
    expect((await once(second, 'close'))[0]).to.equal(1005);
  });
});

describe('mirror on the event loop with a candidate that is named', function () {
  this.timeout(60_000);
  afterEach(closeServers);

  const original: Application = (_environ, start_response) => {
    start_response('200 OK', [['Content-Type', 'text/plain']]);
    return [Buffer.from('fine')];
  };

  it('has it in a thread of its own, where it may block and exit', async () => {
    const results: MirrorResult[] = [];
    const options = { report: (result: MirrorResult) => void results.push(result), timeout: 2 };
    const { serverPort } = await serveApp(mirror(original, NAMED, options));
    for (const path of ['/', '/exit', '/loop', '/']) {
      expect(await (await fetch(`http://127.0.0.1:${serverPort}${path}`)).text()).to.equal('fine');
    }
    await until(() => results.length === 4);
    expect(results.map(({ candidate }) => candidate?.failure)).to.deep.equal([
      undefined,
      'it ended its thread with process.exit(3)',
      'timed out after 2 s',
      undefined,
    ]);
  });

  it('says once that it cannot be loaded, and copies no more', async () => {
    const { serverPort } = await serveApp(mirror(original, './not-there.js:app'));
    const log = await captureLog(async () => {
      const said = nextLine();
      for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${serverPort}/`)).text();
      await said;
    });
    expect(log).to.match(/cannot be loaded: There is no module \.\/not-there\.js/);
  });
});
