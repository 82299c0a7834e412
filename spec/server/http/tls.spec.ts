/** TLS: https and wss with a certificate and its key. */
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebSocket as Client } from 'ws';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { ConfigError } from '../../../lib/errors.js';
import { makeServer } from '../../../lib/server/server.js';
import { answer } from '../../support/answer.js';
import { frame, TEXT } from '../../support/frames.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { HANDSHAKE } from '../../support/web-socket-client.js';

const rejectUnauthorized = false;

/** A record of 512 bytes, of which 1 comes. */
const HANDSHAKE_BEGINNING = Buffer.from([22, 3, 1, 2, 0, 1]);

let seen: Environ | undefined;
const app: Application = async (environ, start_response) => {
  seen = environ;
  const websocket = environ['wsgi.websocket'];
  if (websocket === undefined) return answer(start_response, String(await environ['wsgi.input'].read()));
  for await (const message of websocket) await websocket.send(message);
  return [];
};

describe('a server with a certificate', () => {
  beforeEach(() => {
    seen = undefined;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('serves https', async () => {
    const server = await serveApp(app, TLS);
    expect(server.address).to.equal(`https://127.0.0.1:${server.serverPort}`);
    const asked = httpsRequest(server.address, { method: 'POST', rejectUnauthorized });
    asked.end('secret');
    const [response] = await once(asked, 'response');
    expect(String(await response.toArray())).to.equal('secret');
    expect(seen).to.include({ 'wsgi.url_scheme': 'https', SERVER_PORT: String(server.serverPort) });
  });

  it('serves wss', async () => {
    const { serverPort } = await serveApp(app, TLS);
    const client = new Client(`wss://127.0.0.1:${serverPort}/`, { rejectUnauthorized });
    await once(client, 'open');
    client.send('hello');
    const [data] = await once(client, 'message');
    expect(String(data)).to.equal('hello');
    expect(seen?.['wsgi.url_scheme']).to.equal('https');
    client.close();
    await once(client, 'close');
  });

  it('takes a connection back after it refused a handshake on it', async () => {
    const { serverPort } = await serveApp(
      (_environ, start_response) => answer(start_response, 'no', '403 Forbidden'),
      TLS,
    );
    const peer = await Peer.connect(serverPort, { tls: true });
    const handshake = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
    handshake.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
    await peer.send(request('/', { headers: handshake }));
    await peer.response();
    await peer.send(request());
    const responses = await peer.responses(2);
    expect(responses.map(({ status }) => status)).to.deep.equal([403, 403]);
  });

  it('reads what comes in one packet with a first request that has an Upgrade', async () => {
    const { serverPort } = await serveApp(app, TLS);
    const other = await Peer.connect(serverPort, { tls: true });
    const headers = ['Connection: Upgrade', 'Upgrade: h2c'];
    const body = { method: 'POST', headers: [...headers, 'Content-Length: 5'] };
    await other.send(`${request('/', body)}hello`);
    expect(String((await other.response()).body)).to.equal('hello');

    const two = await Peer.connect(serverPort, { tls: true });
    await two.send(request('/', { headers }) + request());
    expect((await two.responses(2)).map(({ status }) => status)).to.deep.equal([200, 200]);

    const peer = await Peer.connect(serverPort, { tls: true });
    await peer.send(Buffer.concat([Buffer.from(request('/', { headers: HANDSHAKE })), frame(TEXT, 'hello')]));
    await peer.until(() => peer.text.endsWith('hello'), 'the echo');
  });

  it('counts the head of each request by itself after one with an Upgrade', async () => {
    const { serverPort } = await serveApp(app, { ...TLS, limitRequestHead: 20_000 });
    const peer = await Peer.connect(serverPort, { tls: true });
    await peer.send(request('/', { headers: ['Connection: Upgrade', 'Upgrade: h2c'] }));
    for (let n = 1; n <= 5; n++) {
      expect((await peer.responses(n)).at(-1)?.status).to.equal(200);
      await peer.send(request(`/${'a'.repeat(8000)}`));
    }
    expect((await peer.responses(6)).at(-1)?.status).to.equal(200);
  });

  it('drops a client that speaks no TLS, and goes on', async () => {
    const server = await serveApp(app, TLS);
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request());
    await peer.closed();
    const other = await Peer.connect(server.serverPort, { tls: true });
    await other.send(request());
    expect((await other.response()).status).to.equal(200);
  });

  it('answers pipelined requests that come faster than their answers are taken', async () => {
    const server = await serveApp(async (environ, start_response) => {
      const { length } = await environ['wsgi.input'].read();
      start_response('200 OK', [['X-Length', String(length)]]);
      return Array.from({ length: environ.PATH_INFO === '/large' ? 1000 : 1 }, () => Buffer.alloc(8192));
    }, TLS);
    const connected = once(server.http, 'secureConnection') as Promise<[Socket]>;
    const peer = await Peer.connect(server.serverPort, { tls: true, paused: true });
    const [socket] = await connected;
    await peer.send(request('/large'));
    await until(() => socket.writableNeedDrain, 'an answer that waits for its client');
    const lengths = [100_000, 100_000, 100_000];
    const post = (length: number, i: number) =>
      request('/', {
        method: 'POST',
        headers: [`Content-Length: ${length}`, `Connection: ${i === 2 ? 'close' : 'keep-alive'}`],
        body: 'b'.repeat(length),
      });
    const { bytesRead } = socket;
    const sent = peer.send(lengths.map(post).join(''));
    await until(() => socket.bytesRead > bytesRead, 'the arrival of the next requests');
    peer.socket.resume();
    await Promise.all([sent, peer.closed()]);
    const responses = await peer.responses(4);
    expect(responses.map(({ status, headers }) => [status, headers['x-length']])).to.deep.equal([
      [200, '0'],
      ...lengths.map((length) => [200, String(length)]),
    ]);
  });

  it('forgets a client that resets its connection right after the handshake', async () => {
    const server = await serveApp(app, TLS);
    const raw = connect({ port: server.serverPort, host: '127.0.0.1' });
    const socket = connectTls({ socket: raw, rejectUnauthorized });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nHo', () => raw.resetAndDestroy());
    await once(socket, 'close');
    await until(async () => (await connectionsOf(server)) === 0, 'the end of its connection');
    expect(raw.destroyed).to.equal(true);
  });

  for (const [how, leave] of [
    ['ends', (raw: Socket) => raw.end()],
    ['resets', (raw: Socket) => raw.resetAndDestroy()],
  ] as const) {
    it(`forgets a client that ${how} its connection in the handshake`, async () => {
      const server = await serveApp(app, TLS);
      const raw = connect({ port: server.serverPort, host: '127.0.0.1', allowHalfOpen: true });
      raw.write(HANDSHAKE_BEGINNING);
      await until(async () => (await connectionsOf(server)) === 1, 'its connection');
      leave(raw);
      await until(async () => (await connectionsOf(server)) === 0, 'the end of its connection');
      raw.destroy();
    });
  }

  it('stops at once, whatever connections are open without a request', async () => {
    const server = await serveApp(app, { ...TLS, gracefulTimeout: 60 });
    await Peer.connect(server.serverPort);
    await Peer.connect(server.serverPort, { tls: true });
    const used = await Peer.connect(server.serverPort, { tls: true });
    await used.send(request());
    await used.response();
    const begun = performance.now();
    await server.close();
    expect(performance.now() - begun).to.be.below(20_000);
  });
});

describe('a certificate that cannot be used', () => {
  for (const [what, options, sentence] of [
    [
      'is not there',
      { ...TLS, certfile: '/nowhere/cert.pem' },
      /^The certfile \/nowhere\/cert\.pem cannot be read: /,
    ],
    [
      'has a key that is not there',
      { ...TLS, keyfile: '/nowhere/key.pem' },
      /^The keyfile \/nowhere\/key\.pem cannot be read: /,
    ],
    [
      'is none',
      { ...TLS, certfile: fileURLToPath(import.meta.url) },
      /^The certfile .* cannot be used with the keyfile /,
    ],
    ['comes without a key', { certfile: TLS.certfile }, /needs keyfile/],
  ] as const) {
    it(`is refused when it ${what}`, async () => {
      const error = await makeServer('127.0.0.1', 0, app, options).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigError).with.property('message').that.matches(sentence);
    });
  }
});
