/** lib/middleware/proxy-fix.ts (CONFORMANCE F-Z003). */
import { expect } from 'chai';
import type { Application, Environ } from '../../lib/environ/types.js';
import { ConfigError, RequestError } from '../../lib/errors.js';
import { type ProxyFixOptions, proxyFix } from '../../lib/middleware/index.js';
import { Forwarded } from '../../lib/server/http/forwarded.js';
import { answer } from '../support/answer.js';
import { Exchange, environOf } from '../support/call.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';

const SERVER = {
  REMOTE_ADDR: '10.0.0.1',
  REMOTE_PORT: '5000',
  'wsgi.url_scheme': 'http',
  HTTP_HOST: 'inside:8000',
  SERVER_NAME: 'inside',
  SERVER_PORT: '8000',
  SCRIPT_NAME: '',
};

/** What environ has after the middleware. */
function fixed(
  options: ProxyFixOptions | undefined,
  headers: Record<string, string>,
  server = SERVER,
): Environ {
  const environ = environOf({ ...server, ...headers });
  const app: Application = (_environ, start_response) => answer(start_response);
  proxyFix(app, options)(environ, new Exchange().start_response);
  return environ;
}

const ALL = { for: 1, proto: 1, host: 1, port: 1, prefix: 1 };

type Case = [
  what: string,
  ProxyFixOptions | undefined,
  headers: Record<string, string>,
  Record<string, unknown>,
];

const CASES: Case[] = [
  ['For by default', undefined, { HTTP_X_FORWARDED_FOR: '192.0.2.1' }, { REMOTE_ADDR: '192.0.2.1' }],
  [
    'the last of several',
    {},
    { HTTP_X_FORWARDED_FOR: '203.0.113.9, 192.0.2.1' },
    { REMOTE_ADDR: '192.0.2.1' },
  ],
  [
    'the second from the right of two proxies',
    { for: 2 },
    { HTTP_X_FORWARDED_FOR: '6.6.6.6, 192.0.2.1,10.0.0.2' },
    { REMOTE_ADDR: '192.0.2.1' },
  ],
  ['fewer values than proxies', { for: 2 }, { HTTP_X_FORWARDED_FOR: '192.0.2.1' }, SERVER],
  ['an empty value, which keeps its place', {}, { HTTP_X_FORWARDED_FOR: '6.6.6.6, ' }, SERVER],
  ['0: the header is not looked at', { for: 0 }, { HTTP_X_FORWARDED_FOR: 'nonsense' }, SERVER],
  ['an address with a port', {}, { HTTP_X_FORWARDED_FOR: '192.0.2.1:4711' }, { REMOTE_ADDR: '192.0.2.1' }],
  ['IPv6', {}, { HTTP_X_FORWARDED_FOR: '2001:db8::1' }, { REMOTE_ADDR: '2001:db8::1' }],
  ['IPv6 with a port', {}, { HTTP_X_FORWARDED_FOR: '[2001:db8::1]:4711' }, { REMOTE_ADDR: '2001:db8::1' }],
  [
    'IPv4 that was mapped into IPv6',
    {},
    { HTTP_X_FORWARDED_FOR: '::ffff:192.0.2.1' },
    { REMOTE_ADDR: '192.0.2.1' },
  ],
  ['an empty header', ALL, { HTTP_X_FORWARDED_FOR: '', HTTP_X_FORWARDED_HOST: ' ' }, SERVER],
  ['Proto by default', {}, { HTTP_X_FORWARDED_PROTO: 'https' }, { 'wsgi.url_scheme': 'https' }],
  ['Proto in any case', {}, { HTTP_X_FORWARDED_PROTO: 'HTTPS' }, { 'wsgi.url_scheme': 'https' }],
  ['Proto of a WebSocket without TLS', {}, { HTTP_X_FORWARDED_PROTO: 'ws' }, { 'wsgi.url_scheme': 'http' }],
  ['Proto of a WebSocket', {}, { HTTP_X_FORWARDED_PROTO: 'wss' }, { 'wsgi.url_scheme': 'https' }],
  [
    'neither Host, Port nor Prefix by default',
    {},
    { HTTP_X_FORWARDED_HOST: 'a', HTTP_X_FORWARDED_PORT: '1', HTTP_X_FORWARDED_PREFIX: '/p' },
    SERVER,
  ],
  [
    'Host without a port',
    ALL,
    { HTTP_X_FORWARDED_HOST: 'example.com' },
    { HTTP_HOST: 'example.com', SERVER_NAME: 'example.com', SERVER_PORT: '8000' },
  ],
  [
    'Host with a port',
    ALL,
    { HTTP_X_FORWARDED_HOST: 'example.com:8443' },
    { HTTP_HOST: 'example.com:8443', SERVER_NAME: 'example.com', SERVER_PORT: '8443' },
  ],
  [
    'Host as IPv6',
    ALL,
    { HTTP_X_FORWARDED_HOST: '[::1]' },
    { HTTP_HOST: '[::1]', SERVER_NAME: '[::1]', SERVER_PORT: '8000' },
  ],
  [
    'Host as IPv6 with a port',
    ALL,
    { HTTP_X_FORWARDED_HOST: '[::1]:81' },
    { HTTP_HOST: '[::1]:81', SERVER_NAME: '[::1]', SERVER_PORT: '81' },
  ],
  ['Port', ALL, { HTTP_X_FORWARDED_PORT: '443' }, { HTTP_HOST: 'inside:443', SERVER_PORT: '443' }],
  [
    'Port after Host',
    ALL,
    { HTTP_X_FORWARDED_HOST: '[::1]:81', HTTP_X_FORWARDED_PORT: '443' },
    { HTTP_HOST: '[::1]:443', SERVER_NAME: '[::1]', SERVER_PORT: '443' },
  ],
  ['Prefix', ALL, { HTTP_X_FORWARDED_PREFIX: '/app' }, { SCRIPT_NAME: '/app', PATH_INFO: '/' }],
  ['Prefix with a slash at its end', ALL, { HTTP_X_FORWARDED_PREFIX: '/app/' }, { SCRIPT_NAME: '/app' }],
  ['Prefix as /', ALL, { HTTP_X_FORWARDED_PREFIX: '/' }, { SCRIPT_NAME: '' }],
  ['Prefix, escaped', ALL, { HTTP_X_FORWARDED_PREFIX: '/caf%C3%A9' }, { SCRIPT_NAME: '/caf\xc3\xa9' }],
  ['no header at all', ALL, {}, SERVER],
];

const REFUSED: [what: string, header: string, value: string][] = [
  ['a malformed address', 'HTTP_X_FORWARDED_FOR', 'nobody'],
  ['half an address', 'HTTP_X_FORWARDED_FOR', '[::1'],
  ['another scheme', 'HTTP_X_FORWARDED_PROTO', 'javascript'],
  ['a host with a path', 'HTTP_X_FORWARDED_HOST', 'a/b'],
  ['a host with a port too high', 'HTTP_X_FORWARDED_HOST', 'a:65536'],
  ['a port without a host', 'HTTP_X_FORWARDED_HOST', ':80'],
  ['a port that is none', 'HTTP_X_FORWARDED_PORT', '80a'],
  ['a prefix without a slash', 'HTTP_X_FORWARDED_PREFIX', 'app'],
  ['a prefix that would be a host', 'HTTP_X_FORWARDED_PREFIX', '//evil.example'],
  ['one that would be, decoded', 'HTTP_X_FORWARDED_PREFIX', '/%2Fevil.example'],
];

describe('proxyFix', () => {
  afterEach(closeServers);

  for (const [what, options, headers, expected] of CASES) {
    it(`takes ${what}`, () => expect(fixed(options, headers)).to.include(expected));
  }

  for (const [what, header, value] of REFUSED) {
    it(`refuses ${what} with 400`, () => {
      expect(() => fixed(ALL, { [header]: value }))
        .to.throw(RequestError, /^The header X-Forwarded-/)
        .with.property('status', 400);
    });
  }

  const SAME: [name: string, value: string][] = [
    ...['192.0.2.1', '192.0.2.1:4711', '[2001:db8::1]:4711', '::ffff:192.0.2.1', '6.6.6.6, 192.0.2.1'],
    ...['', ' ', 'unknown', '_hidden', 'nobody', '[::1', '1.2.3', '6.6.6.6, x'],
  ].map((value): [string, string] => ['FOR', value]);
  SAME.push(
    ...['http', 'https', 'HTTPS', 'ws', 'wss', 'http, https', '', 'ftp', 'https;'].map(
      (value): [string, string] => ['PROTO', value],
    ),
    ...['a', 'a:81', '[::1]:81', 'b, a', '', 'a/b', ':80', 'a:65536', '[::1', 'a:b'].map(
      (value): [string, string] => ['HOST', value],
    ),
    ...['443', '8443, 443', '', '0', '65536', '80a'].map((value): [string, string] => ['PORT', value]),
  );
  for (const [name, value] of SAME) {
    it(`reads X-Forwarded-${name}: ${value} as --forwarded-allow-ips does`, () => {
      const header = { [`HTTP_X_FORWARDED_${name}`]: value };
      const key = { FOR: 'REMOTE_ADDR', PROTO: 'wsgi.url_scheme', HOST: 'HTTP_HOST', PORT: 'SERVER_PORT' }[
        name
      ];
      const outcome = (apply: () => Environ): unknown => {
        try {
          return (apply() as Record<string, unknown>)[key as string];
        } catch (error) {
          return [(error as RequestError).status, (error as RequestError).message];
        }
      };
      const byAddress = outcome(() => {
        const environ = environOf({ ...SERVER, ...header });
        new Forwarded(['10.0.0.0/8'], false).apply(environ);
        return environ;
      });
      expect(outcome(() => fixed(ALL, header))).to.deep.equal(byAddress);
    });
  }

  it('takes away the port of the proxy with its address', () => {
    expect(fixed({}, { HTTP_X_FORWARDED_FOR: '192.0.2.1' })).not.to.have.property('REMOTE_PORT');
  });

  it('keeps what the server said', () => {
    const environ = fixed(ALL, { HTTP_X_FORWARDED_FOR: '192.0.2.1', HTTP_X_FORWARDED_HOST: 'example.com' });
    expect(environ['node.proxy_fix.orig']).to.deep.equal(SERVER);
    expect(fixed(ALL, {})['node.proxy_fix.orig']).to.deep.equal(SERVER);
  });

  it('adds no HTTP_HOST where there was none', () => {
    const { HTTP_HOST: _none, ...server } = SERVER;
    const environ = environOf({ ...server, HTTP_X_FORWARDED_PORT: '443' });
    delete (environ as Record<string, unknown>)['HTTP_HOST'];
    proxyFix((_environ, start_response) => answer(start_response), ALL)(
      environ,
      new Exchange().start_response,
    );
    expect(environ).not.to.have.property('HTTP_HOST');
    expect(environ.SERVER_PORT).to.equal('443');
  });

  it('works over HTTP, headers that come twice included, and answers 400', async () => {
    const app: Application = (environ, start_response) =>
      answer(start_response, `${environ.REMOTE_ADDR} ${environ['wsgi.url_scheme']} ${environ.HTTP_HOST}`);
    const { address } = await serveApp(proxyFix(app, { for: 2, host: 1 }));
    const get = (headers: [string, string][]) => fetch(address, { headers });
    const response = await get([
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-For', '192.0.2.1, 10.0.0.3'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Host', 'example.com'],
    ]);
    expect(await response.text()).to.equal('192.0.2.1 https example.com');
    const log = await captureLog(async () => {
      expect((await get([['X-Forwarded-Proto', 'gopher']])).status).to.equal(400);
    });
    expect(log).not.to.include('Error in the application');
  });

  const WRONG: [what: string, options: unknown, message: RegExp][] = [
    ['a negative number', { for: -1 }, /^for of proxyFix\(\) is a number of proxies, not -1$/],
    ['a fraction', { proto: 0.5 }, /^proto of/],
    ['true', { host: true }, /^host of .* not true$/],
    ['a string', { prefix: '1' }, /^prefix of .* not '1'$/],
    ['an unknown name', { x_for: 1 }, /no option x_for \(did you mean for\?\)/],
    ['a number', 1, /an object of options, not 1/],
  ];
  for (const [what, options, message] of WRONG) {
    it(`refuses ${what} among its options`, () => {
      const app: Application = (_environ, start_response) => answer(start_response);
      expect(() => proxyFix(app, options as ProxyFixOptions)).to.throw(ConfigError, message);
    });
  }
});
