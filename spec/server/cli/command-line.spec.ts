/** argv to options, and --help. */

import { expect } from 'chai';
import { renderHelp } from '../../../lib/server/cli/command-help.js';
import { parseCommandLine } from '../../../lib/server/cli/command-line.js';
import { UsageError } from '../../../lib/server/cli/flags.js';
import type { Option } from '../../../lib/server/options/option-kinds.js';
import { COMMAND_OPTIONS, SERVER_OPTIONS } from '../../../lib/server/options/option-table.js';
import { insteadOf } from '../../../lib/server/options/unknown-option.js';

const PARSED: [string[], object][] = [
  [[], {}],
  [['app.mjs:app'], { app: 'app.mjs:app' }],
  [['--', 'app.mjs:app'], { app: 'app.mjs:app' }],
  [['--', '-b', ':8000'], { app: '-b', args: [':8000'] }],
  [
    ['app.py', '-b', ':8000', '--', '-b', '--', '9'],
    { app: 'app.py', args: ['-b', '--', '9'], server: { bind: ':8000' } },
  ],
  [['app.py', '--', '--proxy-protocol', 'x'], { app: 'app.py', args: ['--proxy-protocol', 'x'] }],
  [['app.py', '--'], { app: 'app.py' }],
  [['-b', ':8000', 'a:b'], { app: 'a:b', server: { bind: ':8000' } }],
  [['a:b', '--bind=[::1]:80'], { app: 'a:b', server: { bind: '[::1]:80' } }],
  [['-b:1'], { server: { bind: ':1' } }],
  [['-t', '1.5', '--keep-alive', '0'], { server: { timeout: 1.5, keepAlive: 0 } }],
  [['--limit-request-field_size', '9'], { server: { limitRequestFieldSize: 9 } }],
  [['--limit-request-field-size', '9'], { server: { limitRequestFieldSize: 9 } }],
  [['--limit-request-body', '64k'], { server: { limitRequestBody: 65_536 } }],
  [['--limit-request-body', '1M'], { server: { limitRequestBody: 1_048_576 } }],
  [['--limit-request-body=2g'], { server: { limitRequestBody: 2_147_483_648 } }],
  [['--access-logfile', '-'], { server: { accessLogfile: '-' } }],
  [['--log-file', 'x'], { server: { errorLogfile: 'x' } }],
  [['--error-logfile', 'x'], { server: { errorLogfile: 'x' } }],
  [['--log-level', 'DEBUG'], { server: { logLevel: 'debug' } }],
  [['--ident', ''], { server: { ident: '' } }],
  [['--ident='], { server: { ident: '' } }],
  [
    ['--allowed-origins', 'https://a, http://b:1'],
    { server: { allowedOrigins: ['https://a', 'http://b:1'] } },
  ],
  [['--no-per-message-deflate'], { server: { perMessageDeflate: false } }],
  [['--no-per-message-deflate', '--per-message-deflate'], { server: { perMessageDeflate: true } }],
  [['--reload', '--no-reload'], { command: { reload: false } }],
  [['-e', 'A=1', '--env', 'B=x=y', '-eC='], { command: { env: ['A=1', 'B=x=y', 'C='] } }],
  [['-m', '022'], { command: { umask: 0o22 } }],
  [['--umask=0o77'], { command: { umask: 0o77 } }],
  [['-c', 'x.mjs', '-p', 'y', '--chdir', 'z'], { command: { config: 'x.mjs', pid: 'y', chdir: 'z' } }],
  [['-t', '1', '-t', '2'], { server: { timeout: 2 } }],
  [['-hv'], { command: { help: true, version: true } }],
];

const REFUSED: [string[], string][] = [
  [['--threads', 'four'], "--threads must be a whole number from 0 to 1024, not 'four'"],
  [['--threads', '2.0'], "--threads must be a whole number from 0 to 1024, not '2.0'"],
  [
    ['--limit-request-body', '1000.0000000000000001'],
    "--limit-request-body must be a whole number of bytes from 0 to 9007199254740991, not '1000.0000000000000001'",
  ],
  [
    ['--limit-request-body', '9007199254740993'],
    "--limit-request-body must be a whole number of bytes from 0 to 9007199254740991, not '9007199254740993'",
  ],
  [['-k', 'gevent'], `There is no option -k${insteadOf('-k')}`],
  [['-D'], `There is no option -D${insteadOf('-D')}`],
  [['--timeuot', '4'], 'There is no option --timeuot (did you mean --timeout?)'],
  [['--gracefulTimeout', '4'], 'There is no option --gracefulTimeout (did you mean --graceful-timeout?)'],
  [['--no-timeout'], 'There is no option --no-timeout (did you mean --timeout?)'],
  [['--bind'], '--bind needs a value: --bind ADDRESS'],
  [['-b', '--reload'], '-b needs a value: -b ADDRESS'],
  [['--reload=yes'], '--reload takes no value, so --reload=yes means nothing'],
  [['-t', 'soon'], "-t must be a number of seconds from 0 to 2147483, not 'soon'"],
  [['-t', ''], "-t must be a number of seconds from 0 to 2147483, not ''"],
  [['-t', '-5'], '-t must be a number of seconds from 0 to 2147483, not -5'],
  [['--timeout', '0x10'], "--timeout must be a number of seconds from 0 to 2147483, not '0x10'"],
  [
    ['--limit-request-body', '1x'],
    "--limit-request-body must be a whole number of bytes from 0 to 9007199254740991, not '1x'",
  ],
  [
    ['-b', '8000'],
    "-b must be HOST, HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd://N, not '8000': a port alone has a colon before it: write :8000, or 127.0.0.1:8000",
  ],
  [
    ['--port', '80'],
    'There is no option --port: write --bind 127.0.0.1:PORT, or --bind :PORT for all interfaces',
  ],
  [
    ['-b', ':80', '--bind', ':81'],
    '--bind can have one value, not both :80 and :81: a server listens at one address. Start another one for each further address, or let a proxy listen there',
  ],
  [['-m', '8'], "-m must be permission bits from 0 to 0o777, not '8'"],
  [['--env', 'X'], "--env must be a list of KEY=VALUE texts, not [ 'X' ]"],
  [
    ['a:b', 'c:d'],
    'There can be one application, not both a:b and c:d: arguments for a script in Python follow --',
  ],
];

describe('parseCommandLine', () => {
  for (const [argv, expected] of PARSED) {
    it(`reads ${JSON.stringify(argv)}`, () => {
      expect(parseCommandLine(argv)).to.deep.equal({
        app: undefined,
        args: [],
        server: {},
        command: {},
        ...expected,
      });
    });
  }

  for (const [argv, message] of REFUSED) {
    it(`refuses ${JSON.stringify(argv)} in one sentence`, () => {
      expect(() => parseCommandLine(argv))
        .to.throw(UsageError)
        .with.property('message', message);
    });
  }
});

describe('renderHelp', () => {
  const help = renderHelp();
  const words = help.replace(/\s+/g, ' ');

  for (const [name, option] of [
    ...Object.entries<Option>(SERVER_OPTIONS),
    ...Object.entries<Option>(COMMAND_OPTIONS),
  ].filter(([, { flags }]) => flags.length > 0)) {
    it(`tells of ${name}`, () => {
      expect(words).to.include(option.doc.slice(0, -1));
      // What is on unless it is turned off is shown by what turns it off.
      const shown = (flag: string) => (option.default === true ? flag.replace(/^--/, '--no-') : flag);
      for (const flag of option.flags) expect(help).to.include(shown(flag));
    });
  }

  it('says the default with the sentence', () => {
    expect(words).to.include('what still runs then is ended, and logged (default 30).');
  });

  it('says how the command exits', () => {
    expect(help).to.include(
      'Exit status: 0 after a stop, 1 if something fails, 2 if the command line is wrong.',
    );
  });

  it('fits a terminal of 110 columns', () => {
    for (const line of help.split('\n')) expect(line.length, line).to.be.at.most(110);
  });
});
