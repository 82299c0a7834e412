/** An answer that comes before the request is all there: the client that first sends, and then reads, gets it. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, type PeerOptions, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';

/** More than fits between a client and a server that does not read. */
const SIZE = 20_000_000;
const BLOCK = Buffer.alloc(SIZE, 'x');

const app: Application = async (environ, start_response) => {
  switch (environ.PATH_INFO) {
    case '/unread':
      return answer(start_response, 'who are you?', '401 Unauthorized');
    case '/partly':
      await environ['wsgi.input'].read(100_000);
      return answer(start_response, 'enough', '409 Conflict');
    case '/throws':
      throw new Error('thrown');
    case '/breaks-off':
      start_response('200 OK', [['Content-Length', '1000']]);
      return [Buffer.from('begun')];
    default:
      return answer(start_response, String((await environ['wsgi.input'].read()).length));
  }
};

/** The head, and what follows it but for the bytes of the body. */
function framed(target: string, framing: 'Content-Length' | 'chunks', ...headers: string[]): string {
  if (framing === 'Content-Length') headers.push(`Content-Length: ${SIZE}`);
  else headers.push('Transfer-Encoding: chunked');
  const body = framing === 'chunks' ? `${SIZE.toString(16)}\r\n` : '';
  return request(target, { method: 'POST', headers, body });
}

/** Sends all before it reads anything. */
async function sendsFirst(port: number, head: string, options: PeerOptions = {}): Promise<Peer> {
  const peer = await Peer.connect(port, { ...options, paused: true });
  await peer.send(head);
  await peer.send(BLOCK);
  peer.socket.resume();
  return peer;
}

describe('an answer that comes before all of the request', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const LIMIT = { limitRequestBody: 1000 };

  for (const [transport, options] of [
    ['', {}],
    [' over TLS', TLS],
  ] as const) {
    for (const framing of ['Content-Length', 'chunks'] as const) {
      for (const [what, target, more, status] of [
        ['that its body is too large', '/', LIMIT, 413],
        ['of an application that does not read it', '/unread', {}, 401],
        ['of an application that reads a part of it', '/partly', {}, 409],
        ['that the application failed', '/throws', {}, 500],
        ['that begins, and breaks off', '/breaks-off', {}, 200],
      ] as const) {
        it(`reaches its client: one ${what} (${framing}${transport})`, async () => {
          await captureLog(async () => {
            const server = await serveApp(app, { ...options, ...more });
            const peer = await sendsFirst(server.serverPort, framed(target, framing), {
              tls: options !== undefined && 'certfile' in options,
            });
            await peer.closed();
            expect(peer.error).to.equal(undefined);
            expect(peer.text).to.match(new RegExp(`^HTTP/1.1 ${status} `));
            expect(peer.text.match(/HTTP\/1\.1 \d/g)).to.have.length(1);
          });
        });
      }
    }
  }

  for (const [what, head, status] of [
    ['a malformed chunk', framed('/', 'chunks').replace(/\r\n\r\n.*/s, '\r\n\r\n3\r\nabcdef\r\n'), 400],
    ['a line that is no request', 'what is this\r\n\r\n', 400],
    ['a request line that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['a head that is too long', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ['a body of which the framing is ambiguous', framed('/', 'chunks', 'Content-Length: 5'), 400],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['a body that nobody asked for', framed('/unread', 'Content-Length', 'Expect: 100-continue'), 401],
    ['a body that is asked for', framed('/partly', 'chunks', 'Expect: 100-continue'), 409],
    [
      'an upgrade to something else',
      framed('/unread', 'Content-Length', 'Upgrade: h2c', 'Connection: upgrade'),
      401,
    ],
  ] as const) {
    it(`reaches a client that goes on sending: after ${what}`, async () => {
      const server = await serveApp(app);
      const peer = await sendsFirst(server.serverPort, head);
      await peer.closed();
      expect(peer.error).to.equal(undefined);
      expect(peer.text.replace('HTTP/1.1 100 Continue\r\n\r\n', '')).to.match(
        new RegExp(`^HTTP/1.1 ${status} `),
      );
    });
  }

  it('reaches a client that sends too slowly', async () => {
    const { serverPort } = await serveApp(app, { requestTimeout: 0.3 });
    const peer = await Peer.connect(serverPort);
    await peer.send(framed('/', 'Content-Length'));
    const trickle = setInterval(() => peer.send('x'), 20);
    await peer.got('HTTP/1.1 408 ');
    clearInterval(trickle);
    await peer.send(BLOCK);
    await peer.closed();
    expect(peer.error).to.equal(undefined);
  });

  it('reaches fetch()', async () => {
    const { serverPort } = await serveApp(app, LIMIT);
    const response = await fetch(`http://127.0.0.1:${serverPort}/`, { method: 'POST', body: BLOCK });
    expect(response.status).to.equal(413);
    expect(await response.text()).to.include('1000 bytes');
  });
});
