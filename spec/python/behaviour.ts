/** What an application in Python can rely on, whatever runs it (applications/behaviour.py). */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import { dispatcher } from '../../lib/middleware/dispatcher.js';
import type { PythonApplication } from '../../lib/python/from-python.js';
import { Client } from '../../lib/testing/client.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

/** @param app made and loaded before the specs run. */
export function behavesLikeWsgi(app: () => PythonApplication): void {
  let client: Client;
  before(() => {
    client = new Client(app());
  });
  afterEach(closeServers);

  it('answers like any application, mounted beside others', async () => {
    const mounted = new Client(dispatcher(() => [], { '/old': app() }));
    expect((await mounted.get('/old/x')).text).to.equal('hello from Python at /old|/x');
  });

  it('satisfies the validator of wsgiref', async () => {
    expect((await client.get('/valid')).text).to.match(/^hello from Python/);
  });

  it('takes a large upload and gives a large download', async () => {
    const server = await serveApp(app());
    const size = 20_000_000;
    const upload = await fetch(`${server.address}/count`, { method: 'POST', body: Buffer.alloc(size, 'u') });
    expect(await upload.text()).to.equal(String(size));
    const download = await fetch(`${server.address}/blocks?300`);
    expect((await download.arrayBuffer()).byteLength).to.equal(300 * 65536);
  });

  it('reads a body in every way, as from a file', async () => {
    const server = await serveApp(app());
    for (let seed = 1; seed <= 8; seed++) {
      const body = Buffer.from(Uint8Array.from({ length: seed * 97_000 }, (_, i) => i * 31 + (i >> 8)));
      const response = await fetch(`${server.address}/reads?${seed}&${body.length}`, {
        method: 'POST',
        body,
      });
      expect(await response.text(), `seed ${seed}`).to.equal('the same');
    }
  });

  it('reads a body to its end from an input of middleware that gives less than it is asked for', async () => {
    const middleware: Application = (environ, start_response) => {
      const input = environ['wsgi.input'];
      const read = (size?: number | null) => input.read(Math.min(size ?? 1000, 1000));
      return app()(Object.assign(environ, { 'wsgi.input': { read } }), start_response);
    };
    const server = await serveApp(middleware);
    for (const length of [10, 1000, 150_000]) {
      const response = await fetch(`${server.address}/early?-1`, {
        method: 'POST',
        body: 'x'.repeat(length),
      });
      expect(await response.text()).to.equal(`${length},0`);
    }
  });

  it('gives a read what it asked for before the client has sent more', async () => {
    const server = await serveApp(app());
    for (const first of [100, 65_536, 90_000, 140_000, 600_000]) {
      const headers = { 'Content-Length': first + 5 };
      const message = request(`${server.address}/early?${first}`, { method: 'POST', headers });
      message.write(Buffer.alloc(first, 'u'));
      const [response] = (await once(message, 'response')) as [IncomingMessage];
      const [block] = (await once(response, 'data')) as [Buffer];
      expect(String(block)).to.equal(`${first},`);
      let rest = '';
      response.on('data', (more: Buffer) => {
        rest += more;
      });
      message.end('12345');
      await once(response, 'end');
      expect(rest).to.equal('5');
    }
  });

  it('sends the rest of a file on disk, with its length', async () => {
    const response = await client.get('/on-disk');
    expect(response.header('Content-Length')).to.equal(String(Buffer.byteLength(response.text)));
    expect(response.text).to.match(/^import os\n[\s\S]*def application/m);
  });

  it('logs what is printed with the request, in order with its errors', async () => {
    const server = await serveApp(app());
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
      const server = await serveApp(app());
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
}
