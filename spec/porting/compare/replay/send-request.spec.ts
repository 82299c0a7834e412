/** A recorded request as it goes over the wire again, and an answer as it comes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { storedBytes } from '../../../../lib/porting/compare/follow/request-values.js';
import { sendRequest } from '../../../../lib/porting/compare/replay/send-request.js';
import { Spool } from '../../../../lib/porting/compare/replay/spool.js';
import type { Observed } from '../../../../lib/porting/diff/difference.js';
import type { Fields } from '../../../../lib/porting/exchange.js';
import { closeServers, serveApp } from '../../../support/serve.js';
import { TLS } from '../../../support/tls.js';

describe('a request that is sent again', function () {
  this.timeout(60_000);
  const spool = new Spool<object>();
  const servers: Server[] = [];

  after(async () => {
    spool.close();
    for (const server of servers) server.close();
    await closeServers();
  });

  /** A server that reads a head and a body of `size`, then does what it likes. */
  async function peer(react: (socket: Socket, received: string) => void, size = 0): Promise<URL> {
    const server = createServer((socket) => {
      let received = '';
      socket.on('error', () => {});
      socket.on('data', (block) => {
        received += block.toString('latin1');
        const end = received.indexOf('\r\n\r\n');
        if (end !== -1 && received.length >= end + 4 + size) {
          socket.removeAllListeners('data');
          react(socket, received);
        }
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  function send(to: URL, fields: Fields = [['Host', 'a']], body = '', options = {}): Promise<Observed> {
    const request = {
      method: 'POST',
      target: '/a%2fb/../c?x=%zz',
      fields,
      body: storedBytes(Buffer.from(body)),
    };
    return sendRequest(request, to, spool.body(), { timeout: 20, ...options });
  }

  const answering = (text: string) => peer((socket) => socket.end(text, 'latin1'));

  it('has the target, and fields in their order and case, repeated ones too', async () => {
    let head = '';
    const to = await peer((socket, received) => {
      head = received;
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    }, 3);
    await send(
      to,
      [
        ['host', 'a:1'],
        ['X-B', '1'],
        ['x-b', '2'],
        ['ACCEPT', 'caf\xe9'],
        ['content-LENGTH', '99'],
      ],
      'abc',
    );
    expect(head.split('\r\n').filter((line) => !line.startsWith('Connection'))).to.deep.equal([
      'POST /a%2fb/../c?x=%zz HTTP/1.1',
      'host: a:1',
      'X-B: 1',
      'x-b: 2',
      'ACCEPT: caf\xe9',
      'content-LENGTH: 3',
      '',
      'abc',
    ]);
  });

  it('gives status, reason, version, fields and trailers as they came', async () => {
    const to = await answering(
      'HTTP/1.1 299 Very  Fine\r\nX-b: 1\r\nx-B: 2\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n0\r\nX-T: z\r\n\r\n',
    );
    const { answer } = await send(to);
    expect(answer).to.include({ status: 299, reason: 'Very  Fine', version: '1.1' });
    expect(answer?.fields.slice(0, 2)).to.deep.equal([
      ['X-b', '1'],
      ['x-B', '2'],
    ]);
    expect(answer?.trailers).to.deep.equal([['X-T', 'z']]);
    expect(answer?.body).to.include({ size: 3, cut: false });
  });

  it('keeps answers that come before, but for 100 Continue', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
    const { answer } = await send(
      await answering(`HTTP/1.1 100 Continue\r\n\r\n${early}HTTP/1.1 204 No Content\r\n\r\n`),
    );
    expect(answer?.status).to.equal(204);
    expect(answer?.interim).to.deep.equal([{ status: 103, fields: [['Link', '</a.css>; rel=preload']] }]);
  });

  const cuts: [what: string, text: string, cut: boolean][] = [
    ['shorter than its Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', true],
    ['chunked and not ended', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', true],
    ['ended by the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nabc', false],
  ];
  for (const [what, text, cut] of cuts) {
    it(`says of a body that is ${what}: ${cut ? 'cut' : 'whole'}`, async () => {
      const { answer } = await send(await answering(text));
      expect(answer?.body).to.include({ size: 3, cut });
    });
  }

  it('says why there is no answer, and the same for all servers that fail alike', async () => {
    const silent = await peer((socket) => socket.destroy());
    expect((await send(silent)).failure).to.match(/socket hang up|ECONNRESET/);
    expect((await send(await answering('nonsense\r\n\r\n'))).failure).to.match(/HPE_|Parse Error/);
    expect((await send(new URL('http://127.0.0.1:1'))).failure).to.equal('connect ECONNREFUSED');
    const slow = await peer(() => {});
    expect((await send(slow, undefined, '', { timeout: 0.2 })).failure).to.equal('timed out after 0.2 s');
    expect((await send(slow, [['X', 'a\nb']])).failure).to.match(/Invalid character/);
  });

  it('waits for 100 Continue where the recorded client did', async () => {
    const to = await peer((socket, received) => {
      socket.once('data', (block) => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${block}`));
      socket.write(
        received.includes('abc') ? 'HTTP/1.1 417 Too early\r\n\r\n' : 'HTTP/1.1 100 Continue\r\n\r\n',
      );
    });
    const { answer } = await send(
      to,
      [
        ['Host', 'a'],
        ['Expect', '100-continue'],
        ['Content-Length', '3'],
      ],
      'abc',
    );
    expect(answer?.status).to.equal(200);
    expect(answer?.body.size).to.equal(3);
  });

  it('checks certificates, unless it is told not to', async () => {
    const server = await serveApp((_environ, start_response) => {
      start_response('200 OK', []);
      return [];
    }, TLS);
    const to = new URL(`https://localhost:${server.serverPort}`);
    expect((await send(to)).failure).to.match(/self.signed|certificate/i);
    expect((await send(to, undefined, '', { verify: false })).answer?.status).to.equal(200);
  });
});
