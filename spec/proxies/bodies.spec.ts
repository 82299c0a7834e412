/** Bodies through a proxy that does not hold them back, and the connections that they go over. */
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { answer } from '../support/answer.js';
import { Command, killCommands } from '../support/command.js';
import { closeServers, serveApp } from '../support/serve.js';
import { scriptOf } from '../support/source.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { gate, until } from '../support/until.js';
import { get, open, replyTo } from './client.js';
import { behindProxies, killProxies } from './proxy.js';

const APPS = scriptOf('apps.ts', import.meta.url);
const MIB = 1024 * 1024;

behindProxies('a body', (start) => {
  afterEach(async () => {
    await killProxies();
    await closeServers();
    await killCommands();
    removeTemporaryFolders();
  });

  it('comes over the same connection as the one before', async () => {
    const server = await serveApp((_environ, start_response) => answer(start_response));
    let connections = 0;
    server.http.on('connection', () => connections++);
    const { url } = await start({ at: server.serverPort });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    connections = 0;
    for (let i = 0; i < 50; i++) expect(await get(url, { agent })).to.deep.equal({ status: 200, text: 'ok' });
    agent.destroy();
    expect(connections).to.equal(1);
  });

  it('goes block by block, both ways', async () => {
    const received: string[] = [];
    const more = gate();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      const input = environ['wsgi.input'];
      received.push(environ.CONTENT_LENGTH ?? 'no length', String(await input.read(5)));
      received.push(String(await input.read()));
      start_response('200 OK', []);
      return blocks(more.promise);
    });
    const { url } = await start({ at: serverPort });
    const sent = open(url, { method: 'POST' });
    const answered = once(sent, 'response');
    sent.write('first');
    await until(() => received.length === 2, 'the first block of the request');
    expect(received).to.deep.equal(['no length', 'first']);
    sent.end('second');
    const [response] = (await answered) as [IncomingMessage];
    let text = '';
    response.setEncoding('latin1').on('data', (block) => {
      text += block;
    });
    await until(() => text === 'third', 'the first block of the response');
    const ended = once(response, 'end');
    more.open();
    await ended;
    expect(text).to.equal('third and last');
    expect(response.headers).to.include({ 'transfer-encoding': 'chunked' });
    expect(received[2]).to.equal('second');
  });

  for (const framing of ['Content-Length', 'chunked']) {
    it(`takes no memory however large it is (${framing})`, async () => {
      const command = new Command([`${APPS}:count`, '-b', '127.0.0.1:0']);
      const { port } = new URL(await command.address());
      const { url } = await start({ at: Number(port) });
      // The first one warms the process up.
      for (const size of [32 * MIB, 128 * MIB]) {
        const length = framing === 'chunked' ? undefined : String(size);
        const sent = open(url, {
          method: 'POST',
          headers: length === undefined ? {} : { [framing]: length },
        });
        const reply = replyTo(sent);
        await upload(sent, size);
        const { status, text } = await reply;
        expect(status, text).to.equal(200);
        const told = JSON.parse(text);
        expect(told).to.include({ bytes: size });
        expect(told.length).to.equal(length);
        if (size > 32 * MIB) expect(told.grown).to.be.below(size / 4);
      }
    });
  }

  it('that is not read makes the client wait', async () => {
    const SIZE = 128 * MIB;
    const read = gate();
    const server = await serveApp(async (environ, start_response) => {
      await read.promise;
      let bytes = 0;
      for (;;) {
        const block = await environ['wsgi.input'].read(MIB);
        if (block.length === 0) return answer(start_response, String(bytes));
        bytes += block.length;
      }
    });
    let taken = () => 0;
    server.http.on('connection', (socket) => {
      taken = () => socket.bytesRead;
    });
    const { url } = await start({ at: server.serverPort });
    const sent = open(url, { method: 'POST' });
    const reply = replyTo(sent);
    // More than the buffers of both kernels' sockets and of the proxy can hold.
    const done = upload(sent, SIZE);
    await until(async () => {
      const before = sent.socket?.bytesWritten ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return before > 0 && sent.socket?.bytesWritten === before && sent.writableNeedDrain;
    }, 'a pause of the client');
    expect(sent.socket?.bytesWritten).to.be.below(SIZE);
    expect(taken()).to.be.within(1, MIB);
    read.open();
    await done;
    expect(await reply).to.deep.equal({ status: 200, text: String(SIZE) });
  });

  it('is closed, and the signal fires, when the client leaves while it gets it', async () => {
    const closed = gate();
    let signal: AbortSignal | undefined;
    let closes = 0;
    const { serverPort } = await serveApp((environ, start_response) => {
      signal = environ['node.abort_signal'];
      start_response('200 OK', []);
      return endless(() => {
        closes++;
        closed.open();
      });
    });
    const { url } = await start({ at: serverPort });
    const sent = open(url).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    await once(response, 'data');
    sent.destroy();
    await closed.promise;
    expect(closes).to.equal(1);
    expect(signal?.aborted).to.equal(true);
  });

  it('is not waited for when the client leaves before it', async () => {
    const called = gate<AbortSignal>();
    const { serverPort } = await serveApp(async (environ, start_response) => {
      const signal = environ['node.abort_signal'] as AbortSignal;
      called.open(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return answer(start_response);
    });
    const { url } = await start({ at: serverPort });
    const sent = open(url).end();
    sent.on('error', () => {});
    const signal = await called.promise;
    expect(signal.aborted).to.equal(false);
    sent.destroy();
    await until(() => signal.aborted, 'the abort');
  });
});

async function* blocks(more: Promise<void>): AsyncGenerator<Uint8Array> {
  yield Buffer.from('third');
  await more;
  yield Buffer.from(' and last');
}

function endless(closed: () => void): AsyncIterable<Uint8Array> & { close(): void } {
  async function* blocks() {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      yield Buffer.alloc(1000, 'x');
    }
  }
  return Object.assign(blocks(), { close: closed });
}

async function upload(sent: ClientRequest, size: number): Promise<void> {
  const block = Buffer.alloc(65536, 'x');
  for (let at = 0; at < size; at += block.length) {
    if (!sent.write(block)) await once(sent, 'drain');
  }
  sent.end();
}
