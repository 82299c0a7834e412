/** The responses of our own servers: what is small leaves in one write. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import sinon from 'sinon';
import type { Application } from '../../../lib/environ/types.js';
import { WsgiResponse } from '../../../lib/server/http/node-internals.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';

const small: Application = (_environ, start_response) => answer(start_response, 'small');

/** The response to one request, and how often the server wrote to its socket. */
async function served(app: Application, method = 'GET') {
  const server = await serveApp(app);
  const [[socket], peer] = await Promise.all([
    once(server.http, 'connection') as Promise<[Socket]>,
    Peer.connect(server.serverPort),
  ]);
  const write = sinon.spy(socket, 'write');
  await peer.send(request('/', { method }));
  const first = await peer.response(method);
  const writes = write.callCount;
  // And the connection serves the next.
  await peer.send(request('/', { method }));
  await peer.responses(2, [method, method]);
  return { response: first, writes };
}

describe('a response', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('of one small block is one write, with its head', async () => {
    const { response, writes } = await served(small);
    expect(response.body.toString()).to.equal('small');
    expect(writes).to.equal(1);
  });

  for (const [what, app] of [
    ['a large block', (_environ, start_response) => answer(start_response, 'x'.repeat(100_000))],
    [
      'one block without a length',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return (function* () {
          yield Buffer.from('x'.repeat(100_000));
        })();
      },
    ],
    [
      'many blocks',
      (_environ, start_response) => {
        start_response('200 OK', []);
        return Array.from({ length: 10 }, () => Buffer.from('x'.repeat(10_000)));
      },
    ],
  ] satisfies [string, Application][]) {
    it(`of ${what} comes whole`, async () => {
      const { response } = await served(app);
      expect(response.body).to.have.length(100_000);
      expect(response.complete).to.equal(true);
    });
  }

  it('to HEAD, and one without a body, is a head', async () => {
    const head = await served(small, 'HEAD');
    expect(head.response.headers['content-length']).to.equal('5');
    const nothing = await served((_environ, start_response) => {
      start_response('204 No Content', []);
      return [];
    });
    expect(nothing.response.status).to.equal(204);
    expect(head.writes + nothing.writes).to.equal(2);
  });

  it('tells how long the connection is kept', async () => {
    const { serverPort } = await serveApp(small, { keepAlive: 7 });
    const peer = await Peer.connect(serverPort);
    await peer.send(request());
    const { headers } = await peer.response();
    expect([headers['connection'], headers['keep-alive']]).to.deep.equal(['keep-alive', 'timeout=7']);
  });

  it('finishes once, in one write or in many', async () => {
    for (const size of [10, 1_000_000]) {
      const server = await serveApp((_environ, start_response) => answer(start_response, 'x'.repeat(size)));
      const finished = sinon.spy();
      server.http.prependListener('request', (_message, response: WsgiResponse) => {
        expect(response).to.be.an.instanceOf(WsgiResponse);
        response.on('finish', finished);
      });
      const peer = await Peer.connect(server.serverPort);
      await peer.send(request());
      expect((await peer.response()).body).to.have.length(size);
      sinon.assert.calledOnce(finished);
    }
  });
});
