/** The requests of our own servers: `headers` is built when somebody asks for it, and looks as ever. */
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { parserOf, WsgiRequest } from '../../../lib/server/http/node-internals.js';
import { framingOf } from '../../../lib/server/http/request-head.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';

const RAW = ['Host', 'a', 'X-One', '1', 'x-one', '2', 'Cookie', 'a=b', 'Expect', 'this', 'EXPECT', 'that'];
const HEADERS = { host: 'a', 'x-one': '1, 2', cookie: 'a=b', expect: 'this, that' };

/** As Node's parser makes them. */
function made<Message extends IncomingMessage>(message: Message, rawHeaders: string[]): Message {
  const parsed = message as Message & {
    _addHeaderLines(headers: string[], count: number): void;
  };
  message.rawHeaders = rawHeaders;
  parsed._addHeaderLines(rawHeaders, rawHeaders.length);
  return message;
}

const ours = (rawHeaders = RAW) => made(new WsgiRequest(undefined as unknown as Socket), rawHeaders);
const nodes = (rawHeaders: string[]) => made(new IncomingMessage(undefined as unknown as Socket), rawHeaders);

describe('headers of a WsgiRequest', () => {
  for (const [when, look] of [
    ['the first time', (message: WsgiRequest) => message.headers],
    [
      'later',
      (message: WsgiRequest) => {
        expect(message.headers.host).to.equal('a');
        return message.headers;
      },
    ],
    [
      'after a look at expect',
      (message: WsgiRequest) => {
        const { headers } = message;
        expect(headers.expect).to.equal('this, that');
        return headers;
      },
    ],
  ] as const) {
    it(`are those of Node, asked for ${when}`, () => {
      expect({ ...look(ours()) }).to.deep.equal(HEADERS);
      expect(Object.keys(look(ours()))).to.deep.equal(Object.keys(HEADERS));
      expect(look(ours())['x-one']).to.equal('1, 2');
      expect('cookie' in look(ours())).to.equal(true);
      expect('request' in look(ours())).to.equal(false);
      expect(Object.hasOwn(look(ours()), 'request')).to.equal(false);
      expect(JSON.parse(JSON.stringify(look(ours())))).to.deep.equal(HEADERS);
    });

    it(`may be changed, asked for ${when}`, () => {
      const message = ours();
      const headers = look(message);
      headers['x-two'] = 'new';
      delete headers['x-one'];
      Object.defineProperty(headers, 'x-three', {
        value: 'fixed',
        configurable: true,
        enumerable: true,
      });
      const { 'x-one': _, ...rest } = HEADERS;
      const changed = { ...rest, 'x-two': 'new', 'x-three': 'fixed' };
      expect({ ...message.headers }).to.deep.equal(changed);
      expect({ ...headers }).to.deep.equal(changed);
    });
  }

  it('may be replaced', () => {
    const message = ours();
    message.headers = { host: 'b' };
    expect(message.headers).to.deep.equal({ host: 'b' });
  });

  it('is not built for a request that only the gateway saw', async () => {
    let built: boolean | undefined;
    const server = await serveApp((_environ, start_response) => answer(start_response));
    // Node keeps what it built there.
    const kHeaders = Object.getOwnPropertySymbols(nodes([])).find(
      ({ description }) => description === 'kHeaders',
    );
    expect(kHeaders).to.be.a('symbol');
    server.http.on('request', (message) => {
      built = (message as unknown as Record<symbol, unknown>)[kHeaders as symbol] != null;
    });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request('/', { headers: ['Accept: */*', 'Cookie: a=b'] }));
    expect((await peer.response()).status).to.equal(200);
    expect(built).to.equal(false);
    closePeers();
    await closeServers();
  });
});

describe('a WsgiRequest whose body ends after its response', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('is not kept until the next request of its connection', async () => {
    const server = await serveApp((_environ, start_response) => answer(start_response));
    let incoming: () => unknown = () => undefined;
    server.http.on('connection', (socket) => {
      incoming = () => parserOf(socket)?.incoming;
    });
    const peer = await Peer.connect(server.serverPort);
    await peer.send(request('/', { method: 'POST', headers: ['Content-Length: 8'], body: 'some' }));
    expect((await peer.response()).status).to.equal(200);
    expect(incoming()).to.be.an.instanceOf(WsgiRequest);
    await peer.send('more');
    await until(() => incoming() === null, 'the end of the request');
    await peer.send(request());
    expect((await peer.responses(2))[1]?.status).to.equal(200);
  });
});

describe('framing of a request', () => {
  for (const [what, raw] of [
    ['no header', []],
    ['a length', ['Content-Length', '3']],
    ['a length in capitals', ['CONTENT-LENGTH', '3']],
    ['a length sent twice', ['Content-Length', '3', 'content-length', '3']],
    ['a coding', ['Transfer-Encoding', 'chunked']],
    ['a coding sent twice', ['Transfer-Encoding', 'gzip', 'transfer-encoding', 'chunked']],
    ['an expectation sent twice', ['Expect', 'this', 'expect', '100-continue']],
    ['names as long as those', ['Origin', 'a', 'X-Content-Leng', 'b', 'X-Transfer-Encodi', 'c']],
  ] as [string, string[]][]) {
    it(`is what Node says of ${what}`, () => {
      const { contentLength, transferEncoding, expect: expectation } = framingOf(ours(raw));
      const said = framingOf(nodes(raw));
      expect({ contentLength, transferEncoding, expect: expectation }).to.deep.equal(said);
    });
  }
});
