/** What a stop does to connections without a request, on which one may be on its way. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';

describe('an idle connection, when the server stops', () => {
  let calls: number;
  const app: Application = (_environ, start_response) => {
    calls++;
    return answer(start_response);
  };

  beforeEach(() => {
    calls = 0;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  for (const [what, requests] of [
    ['used before', 1],
    ['never used', 0],
  ] as const) {
    it(`ends in order, and no request is begun on it (${what})`, async () => {
      const server = await serveApp(app, { gracefulTimeout: 60 });
      const peer = await Peer.connect(server.serverPort);
      if (requests > 0) {
        await peer.send(request());
        await peer.response();
      }
      await until(async () => (await connectionsOf(server)) === 1, 'the connection');
      const closing = server.close();
      // It crosses the close on its way.
      await peer.send(request('/late'));
      await peer.closed();
      peer.socket.end();
      await closing;
      expect(peer.error).to.equal(undefined);
      expect(calls).to.equal(requests);
    });
  }

  it('is cut off when its client does not close it', async () => {
    const server = await serveApp(app, { gracefulTimeout: 60 });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request());
    await peer.response();
    await server.close();
    expect(peer.socket.writableEnded).to.equal(false);
  });
});
