/** Clients that take their time: no one else waits for them, and they are cut. (What each timeout does: timeouts.spec.ts.) */
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import { LeakWatch } from '../support/leaks.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { captureLog, closeServers, connectionsOf, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';

const CLIENTS = 60;
const MEGABYTE = 1 << 20;
const BLOCK = Buffer.alloc(65_536);

/** What each sends byte by byte, or sends and then reads nothing. */
const KINDS: Record<string, { send: string; drip?: string; paused?: boolean }> = {
  'send a head byte by byte': { send: 'GET / HTTP/1.1\r\nHost: a\r\n', drip: 'X: ' },
  'send nothing after half a head': { send: 'GET / HTTP/1.1\r\nHost: a\r\n' },
  'send a body byte by byte': {
    send: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n',
    drip: 'x',
  },
  'send chunks of a byte': {
    send: 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
    drip: '1\r\nx\r\n',
  },
  'send half a body': { send: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx' },
  'read nothing of what comes': { send: request('/endless'), paused: true },
  'read nothing, and send more requests': { send: request('/endless').repeat(50), paused: true },
  'read nothing of errors': { send: 'NONSENSE\r\n\r\n'.repeat(1000), paused: true },
};

describe('clients that', () => {
  let server: Server;

  const app: Application = async (environ, start_response) => {
    await environ['wsgi.input'].read();
    start_response('200 OK', []);
    if (environ.PATH_INFO !== '/endless') return [Buffer.from('ok')];
    return (function* () {
      for (;;) yield BLOCK;
    })();
  };

  before(async () => {
    server = await serveApp(app, {
      timeout: 0.4,
      minRate: 100_000_000,
      headersTimeout: 0.6,
      requestTimeout: 0.6,
    });
  });

  afterEach(closePeers);
  after(closeServers);

  for (const [what, { send, drip, paused = false }] of Object.entries(KINDS)) {
    it(`${what} hold up no one, and are cut`, async () => {
      const watch = await LeakWatch.begin(server);
      const rss = process.memoryUsage.rss();
      const log = await captureLog(async () => {
        const slow = await Promise.all(
          Array.from({ length: CLIENTS }, () => Peer.connect(server.serverPort, { paused })),
        );
        await Promise.all(slow.map((peer) => peer.send(send)));
        const dripping = setInterval(() => {
          for (const { socket, ended } of slow) {
            if (ended) socket.destroy();
            else if (drip !== undefined) socket.write(drip);
          }
        }, 20);
        try {
          const quick = await Peer.connect(server.serverPort);
          await quick.send(request('/'));
          expect((await quick.response()).body.toString()).to.equal('ok');
          quick.socket.destroy();
          await until(async () => (await connectionsOf(server)) === 0, 'the cut');
        } finally {
          clearInterval(dripping);
        }
      });
      expect(process.memoryUsage.rss() - rss, 'memory').to.be.below(CLIENTS * 2 * MEGABYTE);
      expect(log).to.equal('');
      closePeers();
      await watch.end();
    });
  }
});
