/** The opening handshake: which requests are one, which are refused and how, and what 101 says. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { WebSocketError } from '../../../lib/environ/websocket/error.js';
import {
  checkHandshake,
  isWebSocketRequest,
  WebSocketAcceptor,
} from '../../../lib/server/websocket/handshake.js';
import { closeFrame, RawWebSocket } from '../../support/frames.js';
import { closeWebSocketServers, echo, serveWebSocket } from '../../support/websocket-server.js';

const HEADERS = {
  host: 'localhost',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

type Headers = Record<string, string | undefined>;

function request(headers: Headers = {}, rest: Partial<IncomingMessage> = {}): IncomingMessage {
  const all = Object.entries({ ...HEADERS, ...headers }).filter(([, value]) => value !== undefined);
  const head = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, ...rest };
  return { ...head, headers: Object.fromEntries(all) } as IncomingMessage;
}

describe('isWebSocketRequest', () => {
  const cases: [what: string, expected: boolean, headers: Headers, rest?: Partial<IncomingMessage>][] = [
    ['a handshake', true, {}],
    ['names in any case', true, { upgrade: 'WebSocket', connection: 'uPGRADE' }],
    ['lists of names', true, { upgrade: 'h2c, websocket', connection: 'keep-alive, Upgrade' }],
    ['a body of no bytes', true, { 'content-length': '0' }],
    ['no Upgrade', false, { upgrade: undefined }],
    ['another Upgrade', false, { upgrade: 'h2c' }],
    ['an Upgrade that begins alike', false, { upgrade: 'websocket2' }],
    ['no Connection', false, { connection: undefined }],
    ['another Connection', false, { connection: 'keep-alive' }],
    ['a body', false, { 'content-length': '5' }],
    ['a chunked body', false, { 'transfer-encoding': 'chunked' }],
    ['POST', false, {}, { method: 'POST' }],
    ['HEAD', false, {}, { method: 'HEAD' }],
    ['HTTP/1.0', false, {}, { httpVersionMinor: 0 }],
  ];
  for (const [what, expected, headers, rest] of cases) {
    it(`is ${expected} for ${what}`, () =>
      expect(isWebSocketRequest(request(headers, rest))).to.equal(expected));
  }
});

describe('checkHandshake', () => {
  it('gives version, origin and protocols', () => {
    const headers = { origin: 'http://example.com', 'sec-websocket-protocol': 'chat, superchat' };
    expect(checkHandshake(request(headers))).to.deep.equal({
      version: 13,
      origin: 'http://example.com',
      protocols: ['chat', 'superchat'],
    });
  });

  it('leaves out empty elements of the list of protocols', () => {
    for (const list of [',a,,b', 'a, ,b ,']) {
      expect(checkHandshake(request({ 'sec-websocket-protocol': list }))).to.have.deep.property('protocols', [
        'a',
        'b',
      ]);
    }
  });

  it('takes Sec-WebSocket-Origin of the old versions', () => {
    const headers = { 'sec-websocket-origin': 'http://old.example' };
    for (const version of ['8', '7']) {
      expect(checkHandshake(request({ ...headers, 'sec-websocket-version': version }))).to.deep.equal({
        version: Number(version),
        origin: 'http://old.example',
        protocols: [],
      });
    }
    expect(checkHandshake(request(headers))).to.have.property('origin', undefined);
  });

  it('refuses a request without a version with 426, and says which there are', () => {
    expect(checkHandshake(request({ 'sec-websocket-version': undefined }))).to.deep.equal({
      status: 426,
      reason: 'Upgrade Required',
      headers: [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Sec-WebSocket-Version', '13, 8, 7'],
      ],
      body: 'No Websocket protocol version defined',
    });
  });

  for (const version of ['', '0', '6', '9', '12', '14', '013', '13.0', '13, 8', 'x']) {
    it(`refuses the version '${version}' with 400`, () => {
      expect(checkHandshake(request({ 'sec-websocket-version': version }))).to.deep.include({
        status: 400,
        headers: [['Sec-WebSocket-Version', '13, 8, 7']],
      });
    });
  }

  const malformed: [name: string, value: string | undefined][] = [
    ['sec-websocket-key', undefined],
    ['sec-websocket-key', ''],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ='],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=='],
    ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZ-=='],
    ['sec-websocket-protocol', ''],
    ['sec-websocket-protocol', ','],
    ['sec-websocket-protocol', 'a, a'],
    ['sec-websocket-protocol', 'a b'],
    ['sec-websocket-protocol', 'a/b'],
    ['sec-websocket-extensions', ''],
    ['sec-websocket-extensions', 'a; ; b'],
    ['sec-websocket-extensions', 'a; b="c d"'],
  ];
  for (const [name, value] of malformed) {
    it(`refuses ${name}: ${value} with 400`, () => {
      const refused = checkHandshake(request({ [name]: value }));
      expect(refused).to.include({ status: 400, reason: 'Bad Request' });
      expect(refused)
        .to.have.property('body')
        .that.matches(/malformed$/);
    });
  }

  describe('with allowed origins', () => {
    const allowed = ['https://example.com', 'http://localhost:8080', 'chrome-extension://AbC', 'null'];
    const cases: [origin: string | undefined, isAllowed: boolean][] = [
      ['https://example.com', true],
      ['HTTPS://EXAMPLE.com', true],
      ['https://example.com:443', true],
      ['http://localhost:8080', true],
      ['chrome-extension://abc', true],
      ['null', true],
      // Not a browser.
      [undefined, true],
      ['http://example.com', false],
      ['https://example.com:444', false],
      ['https://example.com.evil.test', false],
      ['https://www.example.com', false],
      ['https://evil.test, https://example.com', false],
      ['chrome-extension://abd', false],
      ['', false],
    ];
    for (const [origin, isAllowed] of cases) {
      it(`${isAllowed ? 'allows' : 'refuses'} ${origin}`, () => {
        const result = checkHandshake(request({ origin }), allowed);
        if (isAllowed) expect(result).to.have.property('origin', origin);
        else expect(result).to.include({ status: 403, reason: 'Forbidden' });
      });
    }

    it('allows any with *, and refuses all browsers with an empty list', () => {
      expect(checkHandshake(request({ origin: 'http://any.test' }), ['*'])).to.have.property('version', 13);
      expect(checkHandshake(request({ origin: 'http://any.test' }), [])).to.have.property('status', 403);
    });
  });
});

describe('WebSocketAcceptor', () => {
  afterEach(closeWebSocketServers);

  it('answers 101 with the accept key of RFC 6455 section 1.3', async () => {
    const { port } = await serveWebSocket(echo);
    const client = await RawWebSocket.connect(port);
    expect(client.head.split('\r\n')).to.deep.equal([
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    ]);
    client.destroy();
  });

  for (const headers of [
    ['Sec-WebSocket-Version: 7'],
    ['Sec-WebSocket-Version: 8'],
    ['Upgrade: foo, WebSocket'],
  ]) {
    it(`accepts ${headers}`, async () => {
      const server = await serveWebSocket(echo);
      const name = (headers[0] as string).split(':')[0] as string;
      const client = await RawWebSocket.connect(server.port, { headers, without: [name] });
      await client.send(closeFrame(1000));
      expect(await client.toEnd()).to.have.length(1);
      const version = Number(/^Sec-WebSocket-Version: (\d+)/.exec(headers[0] as string)?.[1] ?? 13);
      expect(server.seen[0]?.websocket.version).to.equal(version);
    });
  }

  it('takes frames that came together with the request', async () => {
    const { port } = await serveWebSocket(echo);
    const client = await RawWebSocket.connect(port, { also: closeFrame(1000) });
    expect(await client.toEnd()).to.have.length(1);
  });

  it('turns the timeout of the socket off', async () => {
    let timeout: number | undefined;
    const opened = ({ stream }: { stream: object }) => {
      timeout = (stream as { timeout?: number }).timeout;
    };
    const { port } = await serveWebSocket(echo, { opened });
    (await RawWebSocket.connect(port)).destroy();
    expect(timeout).to.equal(0);
  });

  it('takes a message in packets of a byte, and others do not wait for it', async () => {
    const size = 200_000;
    const acceptor = new WebSocketAcceptor();
    const stream = new Duplex({ read() {}, write: (_data, _encoding, done) => done() });
    const { socket } = acceptor.accept(request(), stream as Socket, Buffer.alloc(0), undefined);
    const ended = Promise.race([once(socket, 'message'), once(socket, 'error')]);
    // Unmasked zeros of a mask of zeros are zeros.
    const head = Buffer.alloc(14);
    head.writeUInt16BE(0x82ff);
    head.writeBigUInt64BE(BigInt(size), 2);
    stream.push(head);
    for (let i = 1; i < size; i++) {
      stream.push(Buffer.alloc(1));
      if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const before = performance.now();
    stream.push(Buffer.alloc(1));
    const [message] = await ended;
    expect(performance.now() - before).to.be.below(1000);
    expect((message as Buffer).length).to.equal(size);
    socket.terminate();
  });

  it('raises when the client is gone', async () => {
    const { port } = await serveWebSocket(echo);
    const socket = connect(port, '127.0.0.1');
    socket.destroy();
    const acceptor = new WebSocketAcceptor();
    expect(() => acceptor.accept(request(), socket, Buffer.alloc(0), undefined)).to.throw(
      WebSocketError,
      'Socket is dead',
    );
  });
});
