/** A client that ends its side and still reads: it gets its answers. */
import { expect } from 'chai';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';

for (const [over, options] of [
  ['', {}],
  [' over TLS', TLS],
] as const) {
  describe(`a client that ends its side${over}`, () => {
    const tls = over !== '';

    afterEach(async () => {
      closePeers();
      await closeServers();
    });

    const serve = () =>
      serveApp(async (environ, start_response) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return answer(start_response, environ.PATH_INFO);
      }, options);

    it('gets the answer to its request, and then the end', async () => {
      const server = await serve();
      const peer = await Peer.connect(server.serverPort, { tls });
      peer.socket.end(request('/only'));
      await peer.closed();
      expect(String((await peer.response()).body)).to.equal('/only');
      await until(async () => (await connectionsOf(server)) === 0);
    });

    it('gets the answers to all its requests', async () => {
      const server = await serve();
      const peer = await Peer.connect(server.serverPort, { tls });
      peer.socket.end(request('/1') + request('/2') + request('/3'));
      await peer.closed();
      const responses = await peer.responses(3);
      expect(responses.map(({ body }) => String(body))).to.deep.equal(['/1', '/2', '/3']);
      await until(async () => (await connectionsOf(server)) === 0);
    });

    it('before any request gets the end', async () => {
      const server = await serve();
      const peer = await Peer.connect(server.serverPort, { tls });
      peer.socket.end();
      await peer.closed();
      expect(peer.text).to.equal('');
      await until(async () => (await connectionsOf(server)) === 0);
    });

    it('between two requests gets the end', async () => {
      const server = await serve();
      const peer = await Peer.connect(server.serverPort, { tls });
      await peer.send(request('/1'));
      await peer.response();
      peer.socket.end();
      await peer.closed();
      expect(peer.error).to.equal(undefined);
      await until(async () => (await connectionsOf(server)) === 0);
    });
  });
}
