/** The table of options, and what resolveOptions makes of it. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors.js';
import type { Option } from '../../../lib/server/options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../../../lib/server/options/option-table.js';
import { resolveOptions } from '../../../lib/server/options/options.js';
import { OPTIONS_PAGE, renderOptionsPage } from '../../../scripts/options-page.js';

const TABLE: [string, Option][] = [...Object.entries(SERVER_OPTIONS), ...Object.entries(COMMAND_OPTIONS)];

/** [what is given, the whole message]. */
const REFUSED: [Record<string, unknown>, string][] = [
  [{ prot: 80 }, 'There is no option prot (did you mean port?)'],
  [{ graceful_timeout: 3 }, 'There is no option graceful_timeout (did you mean gracefulTimeout?)'],
  [{ threads: 1.5 }, 'Option threads must be a whole number from 0 to 1024, not 1.5'],
  [{ processes: 4 }, 'There is no option processes: that is --workers N here'],
  [{ toString: 1 }, 'There is no option toString'],
  [{ chdir: '/' }, 'There is no option chdir'],
  [{ host: 'a b' }, "Option host must be a host name, an IP address or '' (all interfaces), not 'a b'"],
  [{ host: '8000' }, "Option host must be a host name, an IP address or '' (all interfaces), not '8000'"],
  [{ host: null }, "Option host must be a host name, an IP address or '' (all interfaces), not null"],
  [{ port: 65536 }, 'Option port must be a whole number from 0 to 65535, not 65536'],
  [{ port: '80' }, "Option port must be a whole number from 0 to 65535, not '80'"],
  [{ port: 1.5 }, 'Option port must be a whole number from 0 to 65535, not 1.5'],
  [{ backlog: 0 }, 'Option backlog must be a whole number from 1 to 65535, not 0'],
  [{ timeout: -1 }, 'Option timeout must be a number of seconds from 0 to 2147483, not -1'],
  [{ timeout: Number.NaN }, 'Option timeout must be a number of seconds from 0 to 2147483, not NaN'],
  [{ keepAlive: 3e6 }, 'Option keepAlive must be a number of seconds from 0 to 2147483, not 3000000'],
  [{ requestTimeout: -0.5 }, 'Option requestTimeout must be a number of seconds from 0 to 21600, not -0.5'],
  [{ headersTimeout: '9' }, "Option headersTimeout must be a number of seconds from 0 to 3600, not '9'"],
  [
    { headersTimeout: 60_000 },
    'Option headersTimeout is in seconds, 3600 at most: 60000 looks like milliseconds, write 60',
  ],
  [
    { requestTimeout: 30_500 },
    'Option requestTimeout is in seconds, 21600 at most: 30500 looks like milliseconds, write 30.5',
  ],
  [
    { limitRequestBody: -1 },
    'Option limitRequestBody must be a whole number of bytes from 0 to 9007199254740991, not -1',
  ],
  [
    { limitRequestHead: 0 },
    'Option limitRequestHead must be a whole number of bytes from 1 to 9007199254740991, not 0',
  ],
  [{ logLevel: 'loud' }, "Option logLevel must be one of debug, info, warning, error, critical, not 'loud'"],
  [{ accessLogfile: '' }, "Option accessLogfile must be a path, not ''"],
  [{ ident: 'a\r\nb' }, "Option ident must be printable ASCII, not 'a\\r\\nb'"],
  [{ perMessageDeflate: 1 }, 'Option perMessageDeflate must be true or false, not 1'],
  [{ environ: [] }, 'Option environ must be an object of environ keys, not []'],
  [{ serverName: 'a/b' }, "Option serverName must be a host name or an IP address, not 'a/b'"],
  ...['/a/', 'a', '/', '/a\0'].map((scriptName): [Record<string, unknown>, string] => [
    { scriptName },
    `Option scriptName must be '' or a path that starts with / and does not end with it, not '${scriptName === '/a\0' ? '/a\\x00' : scriptName}'`,
  ]),
  ...[
    ['8000', ': a port alone has a colon before it: write :8000, or 127.0.0.1:8000'],
    ['a:b', ''],
    ['a:70000', ': the port must be a whole number from 0 to 65535, not 70000'],
    [':99999', ': the port must be a whole number from 0 to 65535, not 99999'],
    ['', ''],
    [':', ''],
    ['[1]:2', ''],
    ['unix:', ': the path is missing: write unix:/path/of/a.sock'],
    ['http://a', ': a URL is not an address: write a'],
    ['/a.sock', ': the path of a Unix socket has a prefix: write unix:/a.sock'],
    ['a:1:2', ''],
  ].map(([bind, fault]): [Record<string, unknown>, string] => [
    { bind },
    `Option bind must be HOST, HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH, not '${bind}'${fault}`,
  ]),
  [{ bind: ':1', port: 1 }, 'Give either bind or host and port, not both'],
  [{ bind: ':1', host: 'a' }, 'Give either bind or host and port, not both'],
  [{ certfile: 'a' }, 'Option certfile needs keyfile as well: TLS takes a certificate and its key'],
  [{ keyfile: 'a' }, 'Option keyfile needs certfile as well: TLS takes a certificate and its key'],
  [
    { headersTimeout: 20, requestTimeout: 10 },
    'Option headersTimeout (20) must not be above requestTimeout (10)',
  ],
];

describe('resolveOptions', () => {
  it('fills in the defaults', () => {
    const { default: _bind, ...rest } = SERVER_OPTIONS.bind;
    expect(rest.group).to.equal('Server socket');
    const expected = Object.entries(SERVER_OPTIONS)
      .filter(([name]) => name !== 'bind')
      .map(([name, option]) => [name, option.default]);
    expect(resolveOptions()).to.deep.equal({ ...Object.fromEntries(expected), socketPath: undefined });
    expect(resolveOptions()).to.include({ host: '127.0.0.1', port: 8080, logLevel: 'info', ident: 'wsgi' });
  });

  it('takes undefined for not given', () => {
    const given = { port: undefined, bind: undefined, certfile: undefined, headersTimeout: undefined };
    expect(resolveOptions(given)).to.deep.equal(resolveOptions());
  });

  it('keeps what was given', () => {
    const given = {
      host: 'localhost',
      port: 0,
      timeout: 0.5,
      environ: { a: 1 },
      scriptName: '/a/b',
      ident: '',
    };
    expect(resolveOptions(given)).to.deep.include(given);
  });

  for (const [given, message] of REFUSED) {
    it(`refuses ${JSON.stringify(given)} in one sentence`, () => {
      expect(() => resolveOptions(given))
        .to.throw(ConfigError)
        .with.property('message', message);
    });
  }

  for (const given of [8080, null, ['a'], 'x']) {
    it(`refuses ${JSON.stringify(given)} for options`, () => {
      expect(() => resolveOptions(given as object)).to.throw(ConfigError, /^Options must be an object, not /);
    });
  }

  const binds: [string, { host?: string; port?: number; socketPath?: string }][] = [
    ['example.com', { host: 'example.com', port: 8080 }],
    ['localhost:81', { host: 'localhost', port: 81 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    [':8000', { host: '', port: 8000 }],
    ['[::1]:82', { host: '::1', port: 82 }],
    ['[::1]', { host: '::1', port: 8080 }],
    ['::1', { host: '::1', port: 8080 }],
    ['unix:/run/a b.sock', { socketPath: '/run/a b.sock' }],
    ['unix:rel.sock', { socketPath: 'rel.sock' }],
  ];
  for (const [bind, parts] of binds) {
    it(`takes bind ${bind} apart`, () => {
      const options = resolveOptions({ bind });
      expect(options).to.include(parts);
      expect(options).not.to.have.property('bind');
    });
  }

  it('takes the brackets off an IPv6 host', () => {
    expect(resolveOptions({ host: '[::1]' }).host).to.equal('::1');
  });

  it('takes a log level in any case', () => {
    expect(resolveOptions({ logLevel: 'DEBUG' as 'debug' }).logLevel).to.equal('debug');
  });

  it('shortens headersTimeout with requestTimeout when only that is given', () => {
    expect(resolveOptions({ requestTimeout: 1.5 }).headersTimeout).to.equal(1.5);
    expect(resolveOptions({ requestTimeout: 0 }).headersTimeout).to.equal(60);
    expect(resolveOptions({ requestTimeout: 100 }).headersTimeout).to.equal(60);
  });

  it('lets one of the two timeouts be without limit', () => {
    expect(resolveOptions({ requestTimeout: 10, headersTimeout: 0 }).headersTimeout).to.equal(0);
    expect(resolveOptions({ requestTimeout: 0, headersTimeout: 900 }).headersTimeout).to.equal(900);
  });

  it('writes origins as browsers do', () => {
    const allowedOrigins = ['HTTPS://Example.com:443', 'http://a:8080', 'app://Main', 'null'];
    const expected = ['https://example.com', 'http://a:8080', 'app://main', 'null'];
    expect(resolveOptions({ allowedOrigins }).allowedOrigins).to.deep.equal(expected);
  });

  for (const origin of ['https://a/', 'https://a/b', 'example.com', '*', 'https://u@a', '']) {
    it(`refuses the origin ${JSON.stringify(origin)}`, () => {
      expect(() => resolveOptions({ allowedOrigins: [origin] })).to.throw(
        ConfigError,
        "Option allowedOrigins must be a list of origins such as 'https://example.com', each without a path, not [",
      );
    });
  }

  it('does not change what it was given', () => {
    const given = Object.freeze({ bind: ':1', requestTimeout: 10 });
    resolveOptions(given);
    expect(given).to.deep.equal({ bind: ':1', requestTimeout: 10 });
  });
});

describe('the table of options', () => {
  for (const [name, option] of TABLE) {
    it(`has a default of ${name} that passes its own check, and one sentence`, () => {
      if (option.default !== undefined) {
        expect(option.kind.check(option.default, name)).to.equal(option.default);
      }
      expect(option.doc)
        .to.match(/^[^\s].*[^.]\.$/)
        .and.not.match(/\. [A-Z]/);
    });
  }

  it('gives each flag to one option', () => {
    const flags = TABLE.flatMap(([, option]) => option.flags);
    expect(new Set(flags).size).to.equal(flags.length);
    for (const flag of flags) expect(flag).to.match(/^(-[a-z]|--[a-z][a-z_-]+)$/i);
  });

  it('is what docs/options.md says (npm run docs)', () => {
    expect(readFileSync(OPTIONS_PAGE, 'utf8')).to.equal(renderOptionsPage());
  });
});
