/** A request body that the application leaves unread: thrown away within bounds, and never taken for a request. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';

const LIMIT = 65_536;

const targets: string[] = [];
const ignore: Application = (environ, start_response) => {
  targets.push(environ.PATH_INFO);
  return answer(start_response);
};

function post(length: number, body = 'x'.repeat(length), target = '/'): string {
  return request(target, { method: 'POST', headers: [`Content-Length: ${length}`], body });
}

function chunked(length: number): string {
  const body = `${length.toString(16)}\r\n${'x'.repeat(length)}\r\n0\r\n\r\n`;
  return request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'], body });
}

describe('an unread request body', () => {
  beforeEach(() => {
    targets.length = 0;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  for (const [framing, make] of [
    ['Content-Length', post],
    ['chunks', chunked],
  ] as const) {
    it(`of ${LIMIT} bytes is thrown away, and the connection goes on: ${framing}`, async () => {
      const { serverPort } = await serveApp(ignore);
      const peer = await Peer.connect(serverPort);
      await peer.send(make(LIMIT) + request('/next'));
      const [first] = await peer.responses(2);
      expect(first?.headers['connection']).to.equal('keep-alive');
      expect(targets).to.deep.equal(['/', '/next']);
    });

    it(`of more ends the connection, and what follows is not served: ${framing}`, async () => {
      const { serverPort } = await serveApp(ignore);
      const peer = await Peer.connect(serverPort);
      await peer.send(make(LIMIT + 1) + request('/next'));
      expect((await peer.response()).status).to.equal(200);
      await peer.closed();
      expect(peer.error).to.equal(undefined);
      expect(targets).to.deep.equal(['/']);
    });
  }

  it('of more than that says so: Connection: close', async () => {
    const { serverPort } = await serveApp(ignore);
    const peer = await Peer.connect(serverPort);
    await peer.send(post(LIMIT + 1, ''));
    expect((await peer.response()).headers['connection']).to.equal('close');
    await peer.closed();
  });

  it('counts only what was not read', async () => {
    const { serverPort } = await serveApp(async (environ, start_response) => {
      await environ['wsgi.input'].read(LIMIT);
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(post(LIMIT * 2) + request('/next'));
    const [first] = await peer.responses(2);
    expect(first?.headers['connection']).to.equal('keep-alive');
  });

  it('is not taken for a request when it looks like one', async () => {
    const { serverPort } = await serveApp(ignore);
    const peer = await Peer.connect(serverPort);
    const fake = request('/smuggled');
    await peer.sendApart([post(fake.length, ''), fake, request('/next')]);
    await peer.responses(2);
    expect(targets).to.deep.equal(['/', '/next']);
  });

  it('that never comes is waited for only as long as an idle connection', async () => {
    const { serverPort } = await serveApp(ignore, { keepAlive: 0.2 });
    const peer = await Peer.connect(serverPort);
    await peer.send(post(100, 'some'));
    expect((await peer.response()).headers['connection']).to.equal('keep-alive');
    await peer.closed();
    expect(peer.text.match(/HTTP\/1\.1 \d/g)).to.have.length(1);
  });

  it('that turns out malformed ends the connection without a second response', async () => {
    const { serverPort } = await serveApp(ignore);
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { method: 'POST', headers: ['Transfer-Encoding: chunked'], body: '' }));
    await peer.response();
    await peer.send('no chunk\r\n');
    await peer.closed();
    expect(peer.text.match(/HTTP\/1\.1 \d/g)).to.have.length(1);
  });

  it('lets the client read the response while it goes on sending', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { serverPort } = await serveApp(ignore);
    for (const make of [post, chunked]) {
      const peer = await Peer.connect(serverPort, { paused: true });
      peer.send(make(4_000_000).slice(0, 3_000_000));
      await new Promise((resolve) => setTimeout(resolve, 100));
      peer.socket.resume();
      expect((await peer.response('POST')).status).to.equal(200);
      await peer.closed();
      expect(peer.error).to.equal(undefined);
    }
    process.removeListener('warning', onWarning);
    expect(warnings).to.deep.equal([]);
  });

  it('does not cut short a long response to a client that takes its time', async () => {
    const size = 20_000_000;
    const { serverPort } = await serveApp((_environ, start_response) =>
      answer(start_response, 'x'.repeat(size)),
    );
    const peer = await Peer.connect(serverPort, { paused: true });
    peer.send(chunked(200_000));
    // How long it may go on sending is counted from the end of the answer (linger.spec.ts).
    for (let i = 0; i < 5; i++) {
      peer.socket.once('data', () => peer.socket.pause()).resume();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    peer.socket.resume();
    await peer.closed();
    expect((await peer.response()).body).to.have.length(size);
  });

  it('does not keep a connection that the client does not close', async () => {
    const server = await serveApp(ignore);
    const peer = await Peer.connect(server.serverPort);
    await peer.send(post(LIMIT * 4, 'x'));
    await peer.closed();
    // The client neither sends the rest nor ends its side.
    expect(peer.socket.writableEnded).to.equal(false);
    await until(async () => (await connectionsOf(server)) === 0, 'the end of the connection');
  });
});
