/** A response that fails after its head went out: whatever its framing, the client can tell. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';

/** Sends a part, and throws. */
function failing(headers: [string, string][]): Application {
  return (_environ, start_response) => {
    start_response('200 OK', headers);
    return (async function* () {
      yield Buffer.from('part');
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new Error('mine');
    })();
  };
}

describe('a response that fails in its middle', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const CASES: [string, string, [string, string][], boolean][] = [
    ['in chunks lacks the last', request(), [], false],
    ['with a length falls short of it', request(), [['Content-Length', '10']], false],
    ['of HTTP/1.0, which ends with its connection, ends with a reset', 'GET / HTTP/1.0\r\n\r\n', [], true],
    [
      'of HTTP/1.0 with a length falls short of it',
      'GET / HTTP/1.0\r\n\r\n',
      [['Content-Length', '10']],
      false,
    ],
  ];
  const ways = CASES.flatMap((one) => [
    { one, over: '', options: {} },
    { one, over: ' (TLS)', options: TLS },
  ]);
  for (const {
    one: [what, text, headers, reset],
    over,
    options,
  } of ways) {
    it(`${what}${over}`, async () => {
      const log = await captureLog(async () => {
        const server = await serveApp(failing(headers), options);
        const peer = await Peer.connect(server.serverPort, { tls: over !== '' });
        await peer.send(text);
        await peer.closed();
        expect(peer.text).to.match(/part(\r\n)?$/);
        expect(peer.error?.code).to.equal(reset ? 'ECONNRESET' : undefined);
        peer.socket.destroy();
        await until(async () => (await connectionsOf(server)) === 0);
      });
      expect(log.match(/Error in the application/g)).to.have.length(1);
    });
  }
});
