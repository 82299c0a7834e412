/** What the conformance suite does not show of a server that uses none of Node's inside: limits of a head, WebSockets, TLS. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { internals } from '../../../lib/server/http/node-internals.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';

const app: Application = async (environ, start_response) => {
  const wsock = environ['wsgi.websocket'];
  if (wsock === undefined) return answer(start_response, 'plain');
  for await (const message of wsock) await wsock.send(message);
  return [];
};

describe("a server without Node's internals", () => {
  const found = { ...internals };

  before(() => {
    for (const name of Object.keys(internals) as (keyof typeof internals)[]) internals[name] = false;
  });
  after(() => Object.assign(internals, found));
  afterEach(async () => {
    closeClients();
    closePeers();
    await closeServers();
  });

  for (const [what, packets] of [
    ['empty lines before the request', Array.from({ length: 40 }, () => '\r\n'.repeat(2000))],
    ['spaces before the target', ['GET ', ...Array.from({ length: 40 }, () => ' '.repeat(4000))]],
    ['a value', ['GET / HTTP/1.1\r\nX: ', ...Array.from({ length: 40 }, () => 'x'.repeat(4000))]],
  ] as const) {
    it(`refuses a head with ${what} without end`, async () => {
      const server = await serveApp(app);
      const peer = await Peer.connect(server.serverPort);
      for (const packet of packets) {
        if (peer.socket.writable) await peer.send(packet);
        await new Promise(setImmediate);
      }
      await peer.closed();
      expect((await peer.response()).status).to.equal(431);
    });
  }

  for (const tls of [false, true]) {
    it(`answers one request after the other ${tls ? 'over TLS' : 'over TCP'}`, async () => {
      const server = await serveApp(app, tls ? TLS : {});
      const peer = await Peer.connect(server.serverPort, { tls });
      await peer.send(request('/').repeat(3));
      expect((await peer.responses(3)).map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    });
  }

  it('gives the application a body that comes in pieces', async () => {
    const server = await serveApp(async (environ, start_response) =>
      answer(start_response, `${await environ['wsgi.input'].read()}`),
    );
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 6'] }));
    for (const piece of ['ab', 'cd', 'ef']) await peer.send(piece);
    expect((await peer.response()).body.toString()).to.equal('abcdef');
  });

  it('echoes over a WebSocket', async () => {
    const server = await serveApp(app);
    const client = await WebSocketClient.connect(server.serverPort);
    client.client.send('hello');
    expect(await client.next()).to.equal('hello');
  });
});

describe("what we use of Node's inside and cannot replace", () => {
  it('is there', () => {
    const has = (of: object, names: string[]) => names.filter((name) => !(name in of));
    expect(has(Socket.prototype, ['destroySoon', '_read'])).to.deep.equal([]);
    expect(has(ServerResponse.prototype, ['assignSocket', 'detachSocket'])).to.deep.equal([]);
    expect(has(IncomingMessage.prototype, ['_read', 'push'])).to.deep.equal([]);
    expect(has(createServer(), ['httpAllowHalfOpen'])).to.deep.equal([]);
  });

  it('is there on a connection', async () => {
    const missing: string[] = [];
    const server = await serveApp(app);
    server.http.prependListener('request', ({ socket }, response) => {
      const names = {
        socket: ['parser', 'server', '_httpMessage'],
        response: ['_keepAliveTimeout', '_closed'],
      };
      missing.push(...names.socket.filter((name) => !(name in socket)));
      missing.push(...names.response.filter((name) => !(name in response)));
      const { _handle: handle } = socket as unknown as { readonly _handle: object };
      missing.push(...['readStop', 'writeQueueSize', 'bytesWritten'].filter((name) => !(name in handle)));
    });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request('/'));
    expect((await peer.response()).status).to.equal(200);
    expect(missing).to.deep.equal([]);
    closePeers();
    await closeServers();
  });

  it('is used in one file', () => {
    const lib = fileURLToPath(new URL('../../../lib/', import.meta.url));
    const server = readdirSync(`${lib}server`, { recursive: true, encoding: 'utf8' });
    const files = server.filter(
      (file) => file.endsWith('.ts') && !/(?:node-internals|ws|deflate)\.ts$/.test(file),
    );
    expect(files).to.have.length.above(100);
    // `_read`, `_write` and `_destroy` are for those who write a stream: `override _read()`.
    const inside =
      /\b(?!super)\w+\._(?!read\b|write\b|destroy\b)[a-z]\w*|\breadonly _[a-z]|\.listeners\('connection'|removeAllListeners\('(?!readable)|destroySoon =/;
    const found = files.filter((file) => inside.test(readFileSync(`${lib}server/${file}`, 'utf8')));
    expect(readFileSync(`${lib}server/http/node-internals.ts`, 'utf8')).to.match(inside);
    expect(found).to.deep.equal([]);
  });
});
