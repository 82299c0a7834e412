/** Limits on what a client may send, and what is no HTTP at all: each is answered, and the server goes on. */
import { expect } from 'chai';
import type { Application } from '../../../lib/environ/types.js';
import { ContentTooLarge } from '../../../lib/errors.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { TLS } from '../../support/tls.js';
import { gate, until } from '../../support/until.js';

let calls = 0;
const app: Application = (_environ, start_response) => {
  calls++;
  return answer(start_response);
};

/** A GET whose request line has as many bytes. */
const line = (size: number) => request(`/${'x'.repeat(size - 'GET / HTTP/1.1'.length)}`);
/** As many fields, Host among them. */
const fields = (count: number) =>
  request('/', { headers: Array.from({ length: count - 1 }, (_, i) => `X-${i}: 1`) });
/** A field of as many bytes: name, colon, space and value. */
const field = (size: number) => request('/', { headers: [`X: ${'x'.repeat(size - 3)}`] });

interface Case {
  what: string;
  options?: ServerOptions;
  fits: string;
  exceeds: string;
  status: number;
}

const CASES: Case[] = [
  { what: 'a request line of 16 KiB', fits: line(16_384), exceeds: line(16_385), status: 414 },
  {
    what: 'a request line of limitRequestLine bytes',
    options: { limitRequestLine: 100 },
    fits: line(100),
    exceeds: line(101),
    status: 414,
  },
  {
    what: 'a request line of any length that the head allows',
    options: { limitRequestLine: 0 },
    fits: line(60_000),
    exceeds: line(70_000),
    status: 414,
  },
  { what: '100 header fields', fits: fields(100), exceeds: fields(101), status: 431 },
  {
    what: 'limitRequestFields fields',
    options: { limitRequestFields: 3 },
    fits: fields(3),
    exceeds: fields(4),
    status: 431,
  },
  {
    what: 'any number of fields that the head allows',
    options: { limitRequestFields: 0 },
    fits: fields(5000),
    exceeds: fields(10_000),
    status: 431,
  },
  {
    what: 'a field of limitRequestFieldSize bytes',
    options: { limitRequestFieldSize: 50 },
    fits: field(50),
    exceeds: field(51),
    status: 431,
  },
  { what: 'a head of 64 KiB', fits: field(65_000), exceeds: field(66_000), status: 431 },
  {
    what: 'a head of limitRequestHead bytes',
    options: { limitRequestHead: 1000 },
    fits: field(900),
    exceeds: field(1100),
    status: 431,
  },
];

describe('limits of a request head', () => {
  beforeEach(() => {
    calls = 0;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  for (const { what, options, fits, exceeds, status } of CASES) {
    it(`let ${what} through, and answer ${status} to more`, async () => {
      const { serverPort } = await serveApp(app, options);
      const peer = await Peer.connect(serverPort);
      await peer.send(fits);
      expect((await peer.response()).status).to.equal(200);
      await peer.send(exceeds + request('/next'));
      await peer.closed();
      const responses = await peer.responses(2);
      expect(responses.map((response) => response.status)).to.deep.equal([200, status]);
      expect(responses[1]?.headers['connection']).to.equal('close');
      expect(calls).to.equal(1);
      expect(peer.error).to.equal(undefined);
    });
  }
});

describe('a request head in several packets', () => {
  beforeEach(() => {
    calls = 0;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const KIB = 'x'.repeat(1024);
  const END = ' HTTP/1.1\r\nHost: a\r\n\r\n';
  /** Of 4 KiB each, and 40 of them: more than twice the limit. */
  const many = (text: string) => Array.from({ length: 40 }, () => text);
  const TOO_LONG: [what: string, status: number, packets: string[]][] = [
    ['a target', 414, ['GET /', ...many(KIB.repeat(4)), END]],
    ['a target that begins in the first packet', 414, [`GET /${KIB}`, ...many(KIB.repeat(4)), END]],
    ['a target after empty lines', 414, ['\r\n\r\n', `GET /${KIB}`, ...many(KIB.repeat(4)), END]],
    ['a value', 431, ['GET / HTTP/1.1\r\nHost: a\r\nX: ', ...many(KIB.repeat(4)), '\r\n\r\n']],
    ['a value after a request line cut in two', 431, ['GET /', ' HTTP/1.1\r\nX: ', ...many(KIB.repeat(4))]],
    [
      'a value after a packet that is a line break',
      431,
      ['GET / HTTP/1.1', '\r\nX: ', ...many(KIB.repeat(4))],
    ],
    ['a name', 431, ['GET / HTTP/1.1\r\nHost: a\r\n', ...many(KIB.repeat(4)), ': x\r\n\r\n']],
    ['fields', 431, ['GET / HTTP/1.1\r\nHost: a\r\n', ...many('X: y\r\n'.repeat(700)), '\r\n']],
    ['empty lines before the request', 431, [...many('\r\n'.repeat(2000)), request()]],
    ['spaces before the target', 431, ['GET ', ...many(' '.repeat(4000)), `/${END}`]],
    ['spaces before the version', 431, ['GET / ', ...many(' '.repeat(4000)), END]],
    ['spaces before a value', 431, ['GET / HTTP/1.1\r\nHost:', ...many(' '.repeat(4000)), 'a\r\n\r\n']],
  ];
  for (const tls of [false, true]) {
    for (const before of ['', request('/before')]) {
      const where = `${tls ? 'over TLS' : 'over TCP'}${before === '' ? '' : ', after another request'}`;
      for (const [what, status, packets] of TOO_LONG) {
        it(`is refused with ${status} for ${what} without end, ${where}`, async () => {
          const { serverPort } = await serveApp(app, tls ? TLS : {});
          const peer = await Peer.connect(serverPort, { tls });
          if (before !== '') {
            await peer.send(before);
            await peer.response();
          }
          for (const packet of packets) {
            if (peer.socket.writable) await peer.send(packet);
            await new Promise(setImmediate);
          }
          await peer.closed();
          const statuses = (await peer.responses(before === '' ? 1 : 2)).map((response) => response.status);
          expect(statuses).to.deep.equal(before === '' ? [status] : [200, status]);
          expect(calls).to.equal(before === '' ? 0 : 1);
        });
      }
    }

    it(`is served up to the limit, as is each after it, ${tls ? 'over TLS' : 'over TCP'}`, async () => {
      const { serverPort } = await serveApp(app, { ...(tls ? TLS : {}), limitRequestHead: 10_000 });
      const peer = await Peer.connect(serverPort, { tls });
      for (let i = 1; i <= 4; i++) {
        for (const packet of [
          '\r\n',
          'POST /',
          `${KIB.repeat(2)}${END.slice(0, -2)}`,
          'Content-Length: 20000\r\n',
        ])
          await peer.send(packet);
        for (const packet of [`X:${' '.repeat(4000)}`, 'y\r\n', `\r\n${KIB}`, 'x'.repeat(20_000 - 1024)])
          await peer.send(packet);
        expect((await peer.responses(i))[i - 1]?.status).to.equal(200);
      }
      expect(calls).to.equal(4);
    });
  }

  it('is answered after the request before it, and calls nothing', async () => {
    const held = gate();
    const paths: string[] = [];
    const { serverPort } = await serveApp(async (environ, start_response) => {
      paths.push(environ.PATH_INFO);
      await held.promise;
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/slow'));
    await until(() => paths.length === 1);
    for (const empty of many('\r\n'.repeat(4000))) await peer.send(empty);
    await peer.send(request('/after'));
    held.open();
    await peer.closed();
    expect((await peer.responses(2)).map(({ status }) => status)).to.deep.equal([200, 431]);
    expect(paths).to.deep.equal(['/slow']);
  });
});

describe('limitRequestBody', () => {
  const options = { limitRequestBody: 1000 };
  const post = (header: string, body: string) => request('/', { method: 'POST', headers: [header], body });
  const chunk = (size: number) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`;
  const echo: Application = async (environ, start_response) => {
    calls++;
    return answer(start_response, String((await environ['wsgi.input'].read()).length));
  };

  beforeEach(() => {
    calls = 0;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  it('lets a body of that size through, however it is framed', async () => {
    const { serverPort } = await serveApp(echo, options);
    const peer = await Peer.connect(serverPort);
    await peer.send(post('Content-Length: 1000', 'x'.repeat(1000)));
    await peer.send(post('Transfer-Encoding: chunked', `${chunk(600)}${chunk(400)}0\r\n\r\n`));
    const responses = await peer.responses(2);
    expect(responses.map(({ body }) => String(body))).to.deep.equal(['1000', '1000']);
  });

  it('answers 413 to a longer Content-Length, before the application is called', async () => {
    const { serverPort } = await serveApp(echo, options);
    const peer = await Peer.connect(serverPort);
    await peer.send(post('Content-Length: 1001', ''));
    const response = await peer.response();
    expect(response.status).to.equal(413);
    expect(response.headers['connection']).to.equal('close');
    await peer.closed();
    expect(calls).to.equal(0);
  });

  it('answers 413 to a longer chunked body when it is read, and logs nothing', async () => {
    const log = await captureLog(async () => {
      const { serverPort } = await serveApp(echo, options);
      const peer = await Peer.connect(serverPort);
      await peer.send(post('Transfer-Encoding: chunked', chunk(600) + chunk(401)));
      expect((await peer.response()).status).to.equal(413);
      await peer.closed();
    });
    expect(calls).to.equal(1);
    expect(log).to.equal('');
  });

  it('is a ContentTooLarge that the application may answer in its own way', async () => {
    const own: Application = async (environ, start_response) => {
      const error = await environ['wsgi.input'].read().catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ContentTooLarge);
      return answer(start_response, 'mine', '413 Too Much');
    };
    const { serverPort } = await serveApp(own, options);
    const peer = await Peer.connect(serverPort);
    await peer.send(post('Transfer-Encoding: chunked', chunk(1001)));
    const response = await peer.response();
    expect([response.reason, String(response.body)]).to.deep.equal(['Too Much', 'mine']);
    await peer.closed();
  });

  it('lets the client read the 413 while it goes on sending', async () => {
    const { serverPort } = await serveApp(echo, options);
    const size = 4_000_000;
    for (const data of [
      post(`Content-Length: ${size}`, 'x'.repeat(size)),
      post('Transfer-Encoding: chunked', chunk(1000).repeat(size / 1000)),
    ]) {
      const peer = await Peer.connect(serverPort, { paused: true });
      await Promise.race([peer.send(data), new Promise((resolve) => setTimeout(resolve, 200))]);
      peer.socket.resume();
      expect((await peer.response()).status).to.equal(413);
      await peer.closed();
      expect(peer.error).to.equal(undefined);
    }
  });
});

describe('what is no HTTP/1.1', () => {
  afterEach(async () => {
    closePeers();
    await closeServers();
  });

  const HELLO = Buffer.from('16030100a5010000a10303', 'hex');
  for (const [what, bytes, status] of [
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', undefined],
    ['a request of HTTP/2.0', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    ['a request of HTTP/0.9', 'GET /\r\n\r\n', undefined],
    ['the hello of TLS', Buffer.concat([HELLO, Buffer.alloc(160)]), 400],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', 501],
    ['noise', Buffer.alloc(1000, 0xfe), 400],
    ['line ends', '\r\n'.repeat(10), 'waits'],
  ] as const) {
    it(`${what} does no harm`, async () => {
      const server = await serveApp(app);
      const peer = await Peer.connect(server.serverPort);
      await peer.send(bytes);
      if (status === 'waits') {
        await peer.send(request());
        expect((await peer.response()).status).to.equal(200);
        return;
      }
      await peer.closed();
      expect(peer.text).to.match(new RegExp(`^HTTP/1\\.1 ${status ?? '[45]\\d\\d'} `));
      const other = await Peer.connect(server.serverPort);
      await other.send(request());
      expect((await other.response()).status).to.equal(200);
    });
  }

  it('CONNECT after a slow request waits for its turn', async () => {
    const { serverPort } = await serveApp(async (_environ, start_response) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return answer(start_response);
    });
    const peer = await Peer.connect(serverPort);
    await peer.send(`${request()}CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n`);
    await peer.closed();
    expect((await peer.responses(2)).map(({ status }) => status)).to.deep.equal([200, 501]);
  });

  for (const length of ['9007199254740992', '9223372036854775808']) {
    it(`a Content-Length of ${length} is refused, not rounded`, async () => {
      const { serverPort } = await serveApp(app);
      const before = calls;
      const peer = await Peer.connect(serverPort);
      await peer.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
      expect((await peer.response()).status).to.equal(413);
      expect(calls).to.equal(before);
    });
  }
});
