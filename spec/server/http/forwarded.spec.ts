/** X-Forwarded-*: whom the server believes, and what environ then says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { ConfigError, RequestError } from '../../../lib/errors.js';
import { parseCommandLine } from '../../../lib/server/cli/command-line.js';
import { Forwarded } from '../../../lib/server/http/forwarded.js';
import { resolveOptions, type ServerOptions } from '../../../lib/server/options/options.js';
import { answer } from '../../support/answer.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const UNTOUCHED = {
  REMOTE_ADDR: '10.0.0.1',
  REMOTE_PORT: '5000',
  SERVER_PORT: '8080',
  HTTP_HOST: 'inner:8080',
  'wsgi.url_scheme': 'http',
};

interface Case {
  readonly what: string;
  /** What comes after `X-Forwarded-`, and its value. */
  readonly headers: Readonly<Record<string, string>>;
  /** What becomes different; undefined: the key is gone. */
  readonly expected: Readonly<Record<string, string | undefined>>;
  readonly allowed?: readonly string[];
  readonly peer?: string;
  readonly unixSocket?: boolean;
}

const CLIENT = { REMOTE_ADDR: '203.0.113.7', REMOTE_PORT: undefined };
const PROXY = ['10.0.0.0/8'];
const FOR = { FOR: '203.0.113.7' };

/** From a proxy at 10.0.0.1 to a server that trusts 10.0.0.0/8, unless a case says otherwise. */
const CASES: readonly Case[] = [
  { what: 'nothing, when the proxy says nothing', headers: {}, expected: {} },
  { what: 'the client', headers: FOR, expected: CLIENT },
  {
    what: 'the client, and not what it says itself',
    headers: { FOR: '6.6.6.6, 203.0.113.7' },
    expected: CLIENT,
  },
  {
    what: 'the client behind more proxies',
    headers: { FOR: '203.0.113.7, 10.9.9.9,10.1.1.1' },
    expected: CLIENT,
  },
  {
    what: 'the one farthest away, when all are trusted',
    headers: { FOR: '10.3.3.3, 10.2.2.2' },
    expected: { REMOTE_ADDR: '10.3.3.3', REMOTE_PORT: undefined },
  },
  { what: 'no address from a proxy that does not know it', headers: { FOR: 'unknown' }, expected: {} },
  { what: 'no address from a proxy that hides it', headers: { FOR: '6.6.6.6, _hidden' }, expected: {} },
  { what: 'no garbage left of the client', headers: { FOR: 'unknown, ::, 203.0.113.7' }, expected: CLIENT },
  { what: 'no empty elements', headers: { FOR: ',203.0.113.7 , ,' }, expected: CLIENT },
  { what: 'nothing of empty headers', headers: { FOR: '', PROTO: '', HOST: ' ', PORT: ',' }, expected: {} },
  { what: 'an address without its port', headers: { FOR: '203.0.113.7:4711' }, expected: CLIENT },
  { what: 'IPv4 that was mapped into IPv6', headers: { FOR: '::ffff:203.0.113.7' }, expected: CLIENT },
  ...['2001:db8::7', '[2001:db8::7]', '[2001:db8::7]:4711'].map((address) => ({
    what: `IPv6 as in ${address}`,
    headers: { FOR: address },
    expected: { REMOTE_ADDR: '2001:db8::7', REMOTE_PORT: undefined },
  })),
  { what: 'https', headers: { PROTO: 'https' }, expected: { 'wsgi.url_scheme': 'https' } },
  { what: 'https in any case', headers: { PROTO: 'HTTPS' }, expected: { 'wsgi.url_scheme': 'https' } },
  { what: 'http', headers: { PROTO: 'https, http' }, expected: {} },
  { what: 'https of wss (Traefik)', headers: { PROTO: 'wss' }, expected: { 'wsgi.url_scheme': 'https' } },
  { what: 'https of X-Forwarded-Ssl', headers: { SSL: 'on' }, expected: { 'wsgi.url_scheme': 'https' } },
  { what: 'http of X-Forwarded-Ssl', headers: { SSL: 'off', PROTO: 'http' }, expected: {} },
  {
    what: 'https of two headers',
    headers: { PROTO: 'https', SSL: 'on' },
    expected: { 'wsgi.url_scheme': 'https' },
  },
  { what: 'the host', headers: { HOST: 'a, b:81' }, expected: { HTTP_HOST: 'b:81' } },
  { what: 'the port', headers: { PORT: '8443,443' }, expected: { SERVER_PORT: '443' } },
  { what: 'nothing from others', headers: { ...FOR, PROTO: '?', HOST: 'b' }, expected: {}, peer: '11.0.0.1' },
  { what: 'the client, from one address', headers: FOR, expected: CLIENT, allowed: ['10.0.0.1'] },
  {
    what: 'nothing from its neighbour',
    headers: FOR,
    expected: {},
    allowed: ['10.0.0.2', '10.0.0.1/32', '::1'],
    peer: '10.0.0.3',
  },
  {
    what: 'the client, from an IPv6 proxy',
    headers: FOR,
    expected: CLIENT,
    allowed: ['fd00::/8'],
    peer: 'fd12::1',
  },
  {
    what: 'nothing from an IPv6 neighbour',
    headers: FOR,
    expected: {},
    allowed: ['fd00::/8', '0.0.0.0/0'],
    peer: 'fe80::1',
  },
  {
    what: 'the one farthest away, from everybody',
    headers: { FOR: '203.0.113.7, 8.8.8.8' },
    expected: CLIENT,
    allowed: ['*'],
    peer: '9.9.9.9',
  },
  { what: 'the client, on a Unix socket', headers: FOR, expected: CLIENT, peer: '', unixSocket: true },
  // Its address is gone as soon as it resets the connection.
  { what: 'nothing from a TCP peer without an address', headers: FOR, expected: {}, peer: '' },
];

const NO_ADDRESS = [
  ...['203.0.113.7:http', '203.0.113.7:123456', '203.0.113', '[203.0.113.7]', '[]'],
  ...['2001:db8::7:', '[2001:db8::7', '"203.0.113.7"', '203.0.113.7;', '1.2.3.4 5.6.7.8', 'x, 10.1.1.1'],
];

const REFUSED: readonly Readonly<Record<string, string>>[] = [
  ...NO_ADDRESS.map((value) => ({ FOR: value })),
  ...['ftp', 'http, x', 'https;', 'https http'].map((value) => ({ PROTO: value })),
  ...['ON', '1', 'yes'].map((value) => ({ SSL: value })),
  { PROTO: 'https', SSL: 'off' },
  { PROTO: 'http', SSL: 'on' },
  ...['a b', 'a/b', 'a@b', 'a:b', '[::1', 'é', ':80', 'a:65536', 'a:0'].map((value) => ({ HOST: value })),
  ...['0', '65536', '-1', '080808', 'http', '80 80'].map((value) => ({ PORT: value })),
];

function environOf(headers: Readonly<Record<string, string>>, peer = '10.0.0.1'): Environ {
  const fields = Object.entries(headers).map(([name, value]) => [`HTTP_X_FORWARDED_${name}`, value]);
  return { ...UNTOUCHED, REMOTE_ADDR: peer, ...Object.fromEntries(fields) } as unknown as Environ;
}

describe('Forwarded', () => {
  for (const { what, headers, expected, allowed = PROXY, peer = '10.0.0.1', unixSocket = false } of CASES) {
    it(`takes ${what}`, () => {
      const environ = environOf(headers, peer);
      const wanted: Record<string, unknown> = { ...environ, ...expected };
      if ('REMOTE_PORT' in expected) delete wanted['REMOTE_PORT'];
      new Forwarded(allowed, unixSocket).apply(environ);
      expect(environ).to.deep.equal(wanted);
    });
  }

  for (const headers of REFUSED) {
    it(`refuses ${JSON.stringify(headers)}`, () => {
      expect(() => new Forwarded(PROXY, false).apply(environOf(headers)))
        .to.throw(RequestError, /^The headers? X-Forwarded-(For|Proto|Ssl|Host|Port) /)
        .with.property('status', 400);
    });
  }

  it('looks at each peer again', () => {
    const forwarded = new Forwarded(PROXY, false);
    const seen = ['10.0.0.1', '11.0.0.1', '10.0.0.1', '', '10.0.0.1'].map((peer) => {
      const environ = environOf(FOR, peer);
      forwarded.apply(environ);
      return environ.REMOTE_ADDR;
    });
    expect(seen).to.deep.equal(['203.0.113.7', '11.0.0.1', '203.0.113.7', '', '203.0.113.7']);
  });
});

describe('the option forwardedAllowIps', () => {
  const afterSlash = ['1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/-1', '/8', '1.2.3.4/8/8'];
  for (const entry of ['localhost', '', '1.2.3', '**', 'fe80::1%eth0', '10.*', 5, ...afterSlash]) {
    it(`refuses ${JSON.stringify(entry)}`, () => {
      const given = { forwardedAllowIps: ['::1', entry] } as ServerOptions;
      expect(() => resolveOptions(given)).to.throw(
        ConfigError,
        "Option forwardedAllowIps must be a list of IP addresses, CIDR ranges such as '10.0.0.0/8', or '*', not [",
      );
    });
  }

  it('is a list', () => {
    for (const given of ['127.0.0.1', '*', {}, null]) {
      expect(() => resolveOptions({ forwardedAllowIps: given } as ServerOptions)).to.throw(ConfigError);
    }
  });

  const LINES: [string, string[]][] = [
    ['127.0.0.1', ['127.0.0.1']],
    ['127.0.0.1, ::1,10.0.0.0/8', ['127.0.0.1', '::1', '10.0.0.0/8']],
    ['*', ['*']],
    ['', []],
  ];
  for (const [text, forwardedAllowIps] of LINES) {
    it(`reads ${JSON.stringify(text)} from the command line`, () => {
      const { server } = parseCommandLine([`--forwarded-allow-ips=${text}`]);
      expect(server).to.deep.equal({ forwardedAllowIps });
    });
  }
});

describe('X-Forwarded-* over HTTP', () => {
  let seen: Environ | undefined;
  const app: Application = (environ, start_response) => {
    seen = environ;
    return answer(start_response);
  };
  const SAYS = ['X-Forwarded-For: 203.0.113.7', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: example.org'];

  async function ask(headers: string[], options: ServerOptions): Promise<number> {
    const { serverPort } = await serveApp(app, options);
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { headers }));
    return (await peer.response()).status;
  }

  beforeEach(() => {
    seen = undefined;
  });

  afterEach(async () => {
    closePeers();
    await closeServers();
    removeTemporaryFolders();
  });

  for (const forwardedAllowIps of [undefined, [], ['127.0.0.2']]) {
    it(`means nothing when ${JSON.stringify(forwardedAllowIps)} is trusted, and stays visible`, async () => {
      expect(await ask(SAYS, { forwardedAllowIps })).to.equal(200);
      expect(seen).to.include({ REMOTE_ADDR: '127.0.0.1', 'wsgi.url_scheme': 'http', HTTP_HOST: 'a' });
      expect(seen).to.include({ HTTP_X_FORWARDED_FOR: '203.0.113.7', HTTP_X_FORWARDED_PROTO: 'https' });
      expect(seen).to.have.property('REMOTE_PORT');
    });
  }

  it('is what environ says when the peer is trusted, and stays visible', async () => {
    expect(await ask(SAYS, { forwardedAllowIps: ['127.0.0.1'] })).to.equal(200);
    expect(seen).to.include({
      REMOTE_ADDR: '203.0.113.7',
      'wsgi.url_scheme': 'https',
      HTTP_HOST: 'example.org',
    });
    expect(seen).to.include({ HTTP_X_FORWARDED_FOR: '203.0.113.7', HTTP_X_FORWARDED_PROTO: 'https' });
    expect(seen).not.to.have.property('REMOTE_PORT');
  });

  it('is read in order from a header that was sent more than once', async () => {
    const headers = [
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-For: 127.0.0.1',
    ];
    expect(await ask(headers, { forwardedAllowIps: ['127.0.0.1'] })).to.equal(200);
    expect(seen?.REMOTE_ADDR).to.equal('203.0.113.7');
  });

  it('cannot be had with an underscore', async () => {
    expect(await ask(['X_Forwarded_For: 6.6.6.6'], { forwardedAllowIps: ['*'] })).to.equal(200);
    expect(seen?.REMOTE_ADDR).to.equal('127.0.0.1');
  });

  it('is answered with 400, and no application, when it is malformed', async () => {
    expect(await ask(['X-Forwarded-For: nobody'], { forwardedAllowIps: ['127.0.0.1'] })).to.equal(400);
    expect(seen).to.equal(undefined);
  });

  it('gives the access log the address of the client, whatever the application does to environ', async () => {
    const accessLogfile = join(temporaryFolder(), 'access.log');
    const { serverPort } = await serveApp(
      (environ, start_response) => {
        environ.REMOTE_ADDR = 'x';
        return answer(start_response);
      },
      { accessLogfile, forwardedAllowIps: ['127.0.0.0/8'] },
    );
    const peer = await Peer.connect(serverPort);
    await peer.send(request('/', { headers: SAYS }) + request('/direct'));
    await peer.responses(2);
    await closeServers();
    const [forwarded, direct] = readFileSync(accessLogfile, 'utf8').split('\n');
    expect(forwarded).to.match(/^203\.0\.113\.7 - - \[/);
    expect(direct).to.match(/^127\.0\.0\.1 - - \[/);
  });
});
