/** `wsgi record` as a process: what it says, how it ends, and what a killed one leaves. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors.js';
import { command } from '../../../lib/porting/record/command.js';
import { record } from '../../../lib/porting/record/record.js';
import { renderHelp } from '../../../lib/server/cli/command-help.js';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { exchangesIn } from '../archive/exchanges.js';

describe('wsgi record', function () {
  this.timeout(60_000);
  let server: Server;
  let upstream: string;
  let folder: string;
  let out: string;

  before((done) => {
    server = createServer((req, res) => {
      if (req.url === '/endless') res.write('some');
      else req.pipe(res.setHeader('Set-Cookie', 'sid=a1b2c3d4e5f6'));
    }).listen(0, '127.0.0.1', () => {
      upstream = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      done();
    });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    folder = temporaryFolder();
    out = join(folder, 'traffic.har');
  });
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  async function start(...args: string[]) {
    const process = new Command([
      'record',
      '--upstream',
      upstream,
      '--out',
      out,
      '--bind',
      '127.0.0.1:0',
      ...args,
    ]);
    const [, address = ''] = await process.says(/Recording (http:\S+) ->/);
    return { command: process, address };
  }

  const post = async (address: string, body: string) =>
    (await fetch(address, { method: 'POST', body })).text();

  it('says where it listens, records, and says at Ctrl-C how much that was', async () => {
    const { command, address } = await start();
    expect(command.stdout).to.equal(
      `Recording ${address} -> ${upstream} into ${out}: secrets are replaced. Ctrl-C ends it.\n`,
    );
    expect(await post(`${address}/a`, 'one')).to.equal('one');
    expect(await post(`${address}/b`, 'two')).to.equal('two');
    command.child.kill('SIGINT');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/\n\S+traffic\.har has 2 exchanges\.\n$/);
    expect(command.stderr).to.equal('');
    expect((await exchangesIn(out)).map(({ request }) => request.target)).to.deep.equal(['/a', '/b']);
    const text = readFileSync(out, 'utf8');
    expect(text).to.include('sid=redacted-sid-');
    expect(text).to.not.include('a1b2c3d4e5f6');
    if (globalThis.process.platform !== 'win32') expect(statSync(out).mode & 0o777).to.equal(0o600);
  });

  it('leaves a complete file when it is killed, with what was over by then', async () => {
    const { command, address } = await start('--no-redact');
    expect(command.stdout).to.include('SECRETS ARE RECORDED (--no-redact)');
    await post(`${address}/big`, 'x'.repeat(200_000));
    await until(() => readFileSync(out, 'utf8').includes('000001-response.bin'), 'the entry');
    await command.kill();
    const [entry] = JSON.parse(readFileSync(out, 'utf8')).log.entries;
    expect(entry.response.content).to.include({ size: 200_000, _file: 'traffic.har.d/000001-response.bin' });
    expect(statSync(join(folder, entry.request.postData._file)).size).to.equal(200_000);
    expect(JSON.stringify(entry)).to.include('sid=a1b2c3d4e5f6');
  });

  it('waits for what is going on, and ends at once at the second signal', async () => {
    const { command, address } = await start('--graceful-timeout', '600');
    const response = await fetch(`${address}/endless`);
    command.child.kill('SIGTERM');
    await command.says(/Stopping: 1 connection still in use, up to 600 s\. Ctrl-C again stops at once\./);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    await response.text().catch(() => {});
    expect((await exchangesIn(out))[0]?.answer?.body).to.include({ size: 4, missing: true });
  });

  it('keeps a recording that exists, unless it is told to replace it', async () => {
    writeFileSync(out, 'precious');
    const options = { upstream, out, bind: '127.0.0.1:0' };
    expect(await faultOf(record(options))).to.match(
      /traffic\.har exists: choose another name, or .* --overwrite$/,
    );
    // An address in use does not cost it either.
    const bind = new URL(upstream).host;
    const busy = await faultOf(record({ ...options, overwrite: true, bind }));
    expect(busy).to.match(/^127\.0\.0\.1:\d+ is already in use$/);
    expect(readFileSync(out, 'utf8')).to.equal('precious');
    await (await record({ ...options, overwrite: true })).close();
    expect(await exchangesIn(out)).to.deep.equal([]);
  });

  it('has its own help, which wsgi --help names', async () => {
    const help = await runCommand(['record', '--help']);
    expect(help.code).to.equal(0);
    for (const flag of [
      '--upstream URL',
      '--out FILE',
      '--no-redact',
      '--redact-field NAME',
      '--redact-header NAME',
    ]) {
      expect(help.stdout).to.include(flag);
    }
    expect(renderHelp()).to.include('wsgi record --upstream URL --out FILE');
  });

  it('ends with 2 where the command line is wrong', async () => {
    const { code, stderr } = await runCommand(['record', '--out', out]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^wsgi: wsgi record needs the original: .*\nTry wsgi record --help\n$/);
  });

  const wrong: readonly [args: string[], complaint: RegExp][] = [
    [[], /wsgi record needs the original: --upstream http:\/\/127\.0\.0\.1:8000/],
    [['--upstream', 'http://a'], /wsgi record needs a file to write: --out traffic\.har/],
    [
      ['--upstream', 'a:80', '--out', 'x'],
      /--upstream must be a URL such as .*, not "a:80": write http:\/\/a:80/,
    ],
    [
      ['--upstream', 'http://a/b?c', '--out', 'x'],
      /without a path: requests keep their own\. Write http:\/\/a$/,
    ],
    [['--upstream', 'http://u:p@a', '--out', 'x'], /takes no user and password/],
    [
      ['--upstream', 'http://a', '--out', 'x', '--bnd', ':1'],
      /There is no option --bnd \(did you mean --bind\?\)/,
    ],
    [['--upstream', 'http://a', '--out'], /--out needs a value: --out FILE/],
    [
      ['--upstream', 'http://a', '--out', 'x', '--redact-header', 'a b'],
      /--redact-header takes the name of a header, not "a b"/,
    ],
    [['http://a'], /takes options alone, not http:\/\/a: the original is --upstream URL/],
  ];
  for (const [args, complaint] of wrong) {
    it(`says what is wrong with wsgi record ${args.join(' ')}`, async () => {
      expect(await faultOf(command(args))).to.match(complaint);
    });
  }
});

/** The message of the ConfigError that it ends with. */
async function faultOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('there was no error');
}
