/** `accept(protocol, headers)`: headers of the application with the 101. */
import { expect } from 'chai';
import type { Application, HeaderList } from '../../../lib/environ/types.js';
import { RawWebSocket } from '../../support/frames.js';
import { closeServers, serveApp } from '../../support/serve.js';

/** Accepts with the headers; when that throws, with none, and sends what was thrown. */
const accepting =
  (headers: HeaderList, again: HeaderList = []): Application =>
  async (environ) => {
    const websocket = environ['wsgi.websocket'];
    let thrown = 'nothing';
    try {
      websocket?.accept(null, headers);
      websocket?.accept(null, again);
    } catch (error) {
      thrown = String(error);
    }
    await websocket?.send(thrown);
    return [];
  };

async function open(app: Application): Promise<{ head: string; told: string }> {
  const { serverPort } = await serveApp(app);
  const client = await RawWebSocket.connect(serverPort);
  const [first] = await client.next();
  client.destroy();
  return { head: client.head, told: String(first?.payload) };
}

describe('headers of a 101', () => {
  afterEach(closeServers);

  it('are those of the handshake, then those of the application, in its order and as latin-1', async () => {
    const { head } = await open(
      accepting([
        ['Set-Cookie', 'a=1; Path=/'],
        ['Set-Cookie', 'b=é'],
        ['X-Name', '\xe9\xff'],
      ]),
    );
    const lines = head.split('\r\n');
    expect(lines[0]).to.equal('HTTP/1.1 101 Switching Protocols');
    expect(lines.slice(-3)).to.deep.equal(['Set-Cookie: a=1; Path=/', 'Set-Cookie: b=é', 'X-Name: \xe9\xff']);
  });

  it('are none of another connection', async () => {
    const app: Application = async (environ) => {
      const websocket = environ['wsgi.websocket'];
      websocket?.accept(null, environ.QUERY_STRING === '' ? [['X-Mine', '1']] : []);
      return [];
    };
    const { serverPort } = await serveApp(app);
    for (const [path, matches] of [
      ['/', true],
      ['/?x', false],
    ] as const) {
      const client = await RawWebSocket.connect(serverPort, { path });
      expect(client.head.includes('X-Mine: 1')).to.equal(matches);
      client.destroy();
    }
  });

  for (const [what, headers, pattern] of [
    ['a header that is hop-by-hop', [['Connection', 'close']], /Connection is hop-by-hop/],
    ['an Upgrade', [['Upgrade', 'h2c']], /Upgrade is hop-by-hop/],
    ['one of the handshake', [['sec-websocket-Accept', 'x']], /part of the handshake/],
    ['a Content-Length', [['Content-Length', '0']], /cannot have a Content-Length/],
    ['a line end', [['X-A', 'a\r\nSet-Cookie: b']], /control character/],
    ['a name that is no token', [['X A', 'a']], /not a token/],
    ['a pair that is none', ['X-A' as never], /not a \[name, value\] pair/],
  ] as const) {
    it(`are refused with ${what}, and the WebSocket can still be opened`, async () => {
      const { head, told } = await open(accepting(headers as HeaderList));
      expect(head).to.match(/^HTTP\/1.1 101 /);
      expect(head.toLowerCase()).not.to.contain('x-a');
      expect(told)
        .to.match(/^ApplicationError: /)
        .and.match(pattern);
    });
  }

  it('cannot be added once it was sent', async () => {
    const { told } = await open(accepting([], [['X-Late', '1']]));
    expect(told).to.equal(
      'WebSocketError: The WebSocket is open already: its 101 was sent without these headers',
    );
  });
});
