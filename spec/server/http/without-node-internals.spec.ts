/** What the conformance suite does not show of a server that uses none of Node's inside: limits of a head, WebSockets, TLS. */
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

  it('echoes over a WebSocket', async () => {
    const server = await serveApp(app);
    const client = await WebSocketClient.connect(server.serverPort);
    client.client.send('hello');
    expect(await client.next()).to.equal('hello');
  });
});
