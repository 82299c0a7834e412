/** Pages of other origins (RFC 6455 section 10.2): with `allowedOrigins`, they open no WebSocket. */
import { expect } from 'chai';
import type { Server } from '../../lib/server/server.js';
import { closePeers, Peer } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';

const ALLOWED = ['https://good.example', 'http://localhost:3000'];

const ACCEPTED: Record<string, string[]> = {
  'of the origin': ['Origin: https://good.example'],
  'of the origin in capitals': ['Origin: HTTPS://GOOD.example'],
  'of the origin with its default port': ['Origin: https://good.example:443'],
  'of another allowed origin': ['Origin: http://localhost:3000'],
  'of no browser': [],
};

const REFUSED: Record<string, string[]> = {
  'of another origin': ['Origin: https://evil.example'],
  'of another scheme': ['Origin: http://good.example'],
  'of another port': ['Origin: https://good.example:8443'],
  'of a subdomain': ['Origin: https://a.good.example'],
  'of a longer domain': ['Origin: https://good.example.evil.example'],
  'of a longer name': ['Origin: https://notgood.example'],
  'with the origin for a user': ['Origin: https://good.example@evil.example'],
  'with the origin for a path': ['Origin: https://evil.example/https://good.example'],
  'of an opaque origin': ['Origin: null'],
  'of an empty origin': ['Origin:'],
  'of a file': ['Origin: file://'],
  'with a wildcard': ['Origin: *'],
  'with two origins': ['Origin: https://good.example', 'Origin: https://evil.example'],
  'with two origins, the other first': ['Origin: https://evil.example', 'Origin: https://good.example'],
  'with a list': ['Origin: https://good.example, https://evil.example'],
  'with the old name beside it': [
    'Origin: https://evil.example',
    'Sec-WebSocket-Origin: https://good.example',
  ],
};

describe('a WebSocket handshake', () => {
  let server: Server;
  let calls = 0;

  before(async () => {
    server = await serveApp(
      (environ) => {
        calls++;
        environ['wsgi.websocket']?.accept();
        return [];
      },
      { allowedOrigins: ALLOWED },
    );
  });

  beforeEach(() => {
    calls = 0;
  });

  afterEach(closePeers);
  after(closeServers);

  async function shake(headers: readonly string[]): Promise<string> {
    const peer = await Peer.connect(server.serverPort);
    const lines = [
      'GET / HTTP/1.1',
      'Host: good.example',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    ];
    await peer.send(`${lines.join('\r\n')}\r\n\r\n`);
    await peer.got('\r\n\r\n');
    return peer.text;
  }

  for (const [what, headers] of Object.entries(ACCEPTED)) {
    it(`${what} is accepted`, async () => {
      expect(await shake(headers)).to.match(/^HTTP\/1\.1 101 /);
      expect(calls).to.equal(1);
    });
  }

  for (const [what, headers] of Object.entries(REFUSED)) {
    it(`${what} is refused, and the application is not called`, async () => {
      expect(await shake(headers)).to.match(/^HTTP\/1\.1 403 /);
      expect(calls).to.equal(0);
    });
  }
});
