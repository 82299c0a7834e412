/** lib/porting/mirror/forward.ts and clients that take their time or close their side, on the event loop and in threads. */
import { expect } from 'chai';
import { forward } from '../../../lib/porting/index.js';
import { resolveOptions } from '../../../lib/server/options/options.js';
import { Server } from '../../../lib/server/server.js';
import { Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { scriptOf } from '../../support/source.js';
import { until } from '../../support/until.js';
import { endRecordings, original, receives, type Script } from '../record/setup.js';

const SCRIPT = scriptOf('threads-site.ts', import.meta.url);
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

async function onEventLoop(upstream: string): Promise<Server> {
  return serveApp(forward(upstream));
}

async function inThreads(upstream: string): Promise<Server> {
  process.env['WSGI_SPEC_UPSTREAM'] = upstream;
  const options = { host: '127.0.0.1', port: 0, threads: 1, gracefulTimeout: 0.5 };
  const server = new Server(() => [], resolveOptions(options), { script: SCRIPT });
  await server.listening;
  return server;
}

for (const [mode, serve] of [
  ['on the event loop', onEventLoop],
  ['in threads', inThreads],
] as const) {
  describe(`forward ${mode}, and clients`, function () {
    this.timeout(60_000);
    let server: Server | undefined;

    afterEach(async () => {
      await endRecordings();
      await server?.close();
      await closeServers();
    });

    async function connect(script: Script): Promise<Peer> {
      server = await serve(`http://127.0.0.1:${await original(script)}`);
      return Peer.connect(server.serverPort);
    }

    for (const body of ['', 'hello']) {
      it(`answers one that closes its side after its request, ${body === '' ? 'without' : 'with'} a body`, async () => {
        let got = '';
        const peer = await connect(async (wire) => {
          await wire.until(() => wire.ended, 'the end of its side');
          got = wire.text;
          await wire.send(OK);
          wire.socket.end();
        });
        const headers = body === '' ? [] : [`Content-Length: ${body.length}`];
        await peer.send(request('/forward', { method: 'POST', headers, body }));
        peer.halfClose();
        const { status, body: answer } = await peer.response('POST');
        expect([status, answer.toString()]).to.deep.equal([200, 'ok']);
        expect(got).to.match(new RegExp(`\\r\\n\\r\\n${body}$`));
      });
    }

    it('passes the rest of an answer to one that closes its side meanwhile', async () => {
      const peer = await connect(async (wire) => {
        await receives(wire, /\r\n\r\n/);
        await wire.send(`${OK.slice(0, -1)}`);
        await wire.until(() => wire.ended, 'the end of its side');
        await wire.send('k');
      });
      await peer.send(request('/forward'));
      await peer.until(() => peer.text.endsWith('o'), 'the start');
      peer.halfClose();
      expect((await peer.response()).body.toString()).to.equal('ok');
    });

    it('leaves with one that leaves, before the answer and in it', async () => {
      let began = false;
      let left = 0;
      const peer = await connect(async (wire) => {
        await receives(wire, /\r\n\r\n/);
        began = true;
        const start = 'HTTP/1.1 200 OK\r\nX-A: a';
        await wire.send(wire.text.includes('/in') ? `${start}\r\n\r\nendless` : start);
        await wire.until(() => wire.ended, 'the end of its side');
        // One that reads on takes this.
        while (!wire.socket.destroyed) {
          wire.socket.write('.');
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        left += 1;
      });
      await peer.send(request('/forward/before'));
      await until(() => began, 'the beginning of the first');
      // The start of an answer is on its way to the thread.
      await new Promise((resolve) => setTimeout(resolve, 100));
      peer.reset();
      await until(() => left === 1, 'the end of the first');
      const second = await Peer.connect((server as Server).serverPort);
      await second.send(request('/forward/in'));
      await second.until(() => second.text.includes('endless'), 'the answer');
      second.reset();
      await until(() => left === 2, 'the end of the second');
    });

    for (const [name, header, body] of [
      ['a body with a length', 'Content-Length: 5', 'hello'],
      ['a chunked body', 'Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\n\r\n'],
      ['a body that waits for 100', 'Content-Length: 5\r\nExpect: 100-continue', 'hello'],
    ] as const) {
      it(`sends the head of ${name} ahead of it, and each block at once`, async () => {
        let come = '';
        const peer = await connect(async (wire) => {
          await receives(wire, /\r\n\r\n/);
          come = 'head';
          await receives(wire, /hel/);
          come = 'block';
          await receives(wire, /lo/);
          await wire.send(OK);
        });
        await peer.send(request('/forward', { method: 'POST', headers: [header] }));
        await until(() => come === 'head', 'the head');
        if (body !== 'hello') await peer.send(body);
        else {
          await peer.send('hel');
          await until(() => come === 'block', 'the first block');
          await peer.send('lo');
        }
        expect((await peer.response('POST')).status).to.equal(200);
      });
    }

    it('sends no body for a request that has none', async () => {
      let got = '';
      const peer = await connect(async (wire) => {
        await receives(wire, /\r\n\r\n/);
        got = wire.text;
        await wire.send(OK);
      });
      await peer.send(request('/forward', { method: 'DELETE' }));
      await peer.response('DELETE');
      expect(got)
        .to.match(/^DELETE [\s\S]*\r\n\r\n$/)
        .and.not.match(/content-length|transfer-encoding/i);
    });
  });
}
