/** What the builder builds is what the server would, key by key, for the same request. */
import { expect } from 'chai';
import type { Application, Environ } from '../../lib/environ/types.js';
import { Client } from '../../lib/testing/client.js';
import type { RequestOptions } from '../../lib/testing/request-options.js';
import { exchange } from '../support/peer.js';
import { closeServers, serveApp } from '../support/serve.js';

interface Case {
  name: string;
  /** What the test says. */
  path?: string;
  options?: RequestOptions;
  httpVersion?: '1.0';
  /** What goes over the wire, but for Host. */
  line: string;
  fields?: string[];
  body?: string;
}

const CASES: Case[] = [
  { name: 'a plain GET', line: 'GET / HTTP/1.1' },
  { name: 'HTTP/1.0', httpVersion: '1.0', line: 'GET / HTTP/1.0' },
  {
    name: 'a path with escapes',
    path: '/a%2Fb/caf%C3%A9?x=%20',
    line: 'GET /a%2Fb/caf%C3%A9?x=%20 HTTP/1.1',
  },
  { name: 'a path that is text', path: '/café au lait', line: 'GET /caf%C3%A9%20au%20lait HTTP/1.1' },
  { name: 'dots and slashes', path: '//a/../b/./', line: 'GET //a/../b/./ HTTP/1.1' },
  { name: 'a malformed escape', path: '/100%/%zz', line: 'GET /100%/%zz HTTP/1.1' },
  {
    name: 'fields of a query',
    options: { query: { q: 'ä b', n: [1, 2], none: undefined } },
    line: 'GET /?q=%C3%A4+b&n=1&n=2 HTTP/1.1',
  },
  { name: 'an empty query', path: '/?', line: 'GET /? HTTP/1.1' },
  { name: 'OPTIONS of the server', path: '*', options: { method: 'OPTIONS' }, line: 'OPTIONS * HTTP/1.1' },
  {
    name: 'headers',
    options: {
      headers: { 'X-One': ' 1 ', Cookie: ['a=1', 'b=2'], 'X-Many': ['1', '2'], 'X-Latin': 'caf\xe9' },
    },
    line: 'GET / HTTP/1.1',
    fields: ['X-One:  1 ', 'Cookie: a=1', 'Cookie: b=2', 'X-Many: 1', 'X-Many: 2', 'X-Latin: caf\xe9'],
  },
  {
    name: 'headers that are dropped',
    options: {
      headers: [
        ['X_Under', '1'],
        ['Proxy', 'evil:1'],
        ['X-Fine', ''],
      ],
    },
    line: 'GET / HTTP/1.1',
    fields: ['X_Under: 1', 'Proxy: evil:1', 'X-Fine: '],
  },
  {
    name: 'authentication',
    options: { auth: ['Aladdin', 'open sesame'] },
    line: 'GET / HTTP/1.1',
    fields: ['Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
  },
  {
    name: 'a form',
    options: { method: 'POST', form: { a: 'ä', b: ['1', '2'] } },
    line: 'POST / HTTP/1.1',
    fields: ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 16'],
    body: 'a=%C3%A4&b=1&b=2',
  },
  {
    name: 'JSON',
    options: { method: 'PATCH', json: { a: [1, null] } },
    line: 'PATCH / HTTP/1.1',
    fields: ['Content-Type: application/json', 'Content-Length: 14'],
    body: '{"a":[1,null]}',
  },
  {
    name: 'text',
    options: { method: 'PUT', text: 'é' },
    line: 'PUT / HTTP/1.1',
    fields: ['Content-Type: text/plain; charset=utf-8', 'Content-Length: 2'],
    body: '\xc3\xa9',
  },
  {
    name: 'bytes',
    options: { method: 'POST', body: Buffer.from([0, 255]) },
    line: 'POST / HTTP/1.1',
    fields: ['Content-Length: 2'],
    body: '\0\xff',
  },
  {
    name: 'a body that is sent as it comes',
    options: { method: 'POST', body: [Buffer.from('ab'), Buffer.from('c')] },
    line: 'POST / HTTP/1.1',
    fields: ['Transfer-Encoding: chunked'],
    body: '2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
  },
  {
    name: 'a POST of nothing',
    options: { method: 'POST' },
    line: 'POST / HTTP/1.1',
    fields: ['Content-Length: 0'],
  },
  { name: 'a method of WebDAV', options: { method: 'PROPFIND' }, line: 'PROPFIND / HTTP/1.1' },
  { name: 'HEAD', options: { method: 'HEAD' }, line: 'HEAD / HTTP/1.1' },
];

/** Keys in their order, with what stands under them, as far as it can be compared. */
async function describeEnviron(environ: Environ): Promise<string[]> {
  const body = await environ['wsgi.input'].read();
  const shown = Object.entries(environ).map(([key, value]) => {
    if (key === 'REMOTE_PORT') return `${key} ${/^\d+$/.test(String(value))}`;
    if (typeof value === 'object') return `${key} ${value?.constructor?.name ?? 'none'}`;
    return `${key} ${typeof value === 'function' ? 'function' : JSON.stringify(value)}`;
  });
  return [
    ...shown.map((line) => line.replace('TextErrorStream', 'MemoryErrors')).sort(),
    body.toString('latin1'),
  ];
}

describe('EnvironBuilder and the server', () => {
  afterEach(closeServers);

  for (const { name, path, options = {}, httpVersion, line, fields = [], body = '' } of CASES) {
    it(`agree on ${name}`, async () => {
      const seen: string[][] = [];
      const app: Application = async (environ, start_response) => {
        seen.push(await describeEnviron(environ));
        start_response('200 OK', []);
        return [];
      };
      const { serverPort } = await serveApp(app);
      const host = `127.0.0.1:${serverPort}`;
      const send = [line, `Host: ${host}`, ...fields, '', body].join('\r\n');
      await exchange({ port: serverPort, send, methods: [options.method ?? 'GET'], settle: 0 });
      await new Client(app, { baseUrl: `http://${host}/`, httpVersion }).open(path, options);
      const [overHttp, inMemory] = seen;
      expect(inMemory).to.deep.equal(overHttp);
      expect(overHttp).to.have.length.above(20);
    });
  }

  it('agree on the prototype of an environ, and on a WebSocket', async () => {
    const seen: unknown[] = [];
    const app: Application = async (environ, start_response) => {
      const { 'wsgi.websocket': websocket, ...rest } = environ;
      seen.push([
        'toString' in environ,
        Object.keys(rest)
          .filter((key) => key !== 'HTTP_SEC_WEBSOCKET_KEY')
          .sort(),
        websocket?.protocols,
        environ['wsgi.websocket_version'],
        environ.PATH_INFO,
      ]);
      start_response('403 Forbidden', []);
      return [];
    };
    const { serverPort } = await serveApp(app);
    const handshake = [
      'GET /caf%C3%A9 HTTP/1.1',
      `Host: 127.0.0.1:${serverPort}`,
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Protocol: a,b',
    ];
    await exchange({ port: serverPort, send: `${handshake.join('\r\n')}\r\n\r\n`, settle: 0 });
    await new Client(app).websocket('/café', { protocols: ['a', 'b'] });
    expect(seen[1]).to.deep.equal(seen[0]);
  });
});
