/** `wsgi compare`, as a process: what it prints, writes, and how it exits. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Application, Environ } from '../../../lib/environ/types.js';
import { command } from '../../../lib/porting/compare/command.js';
import { COMPARE_OPTIONS } from '../../../lib/porting/compare/options.js';
import { UsageError } from '../../../lib/server/cli/flags.js';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const site =
  (name: string): Application =>
  ({ PATH_INFO }: Environ, start_response) => {
    if (PATH_INFO === '/missing') {
      start_response('404 Not Found', [['Content-Type', 'text/plain']]);
      return [Buffer.from('nothing')];
    }
    start_response('200 OK', [['Content-Type', 'application/json']]);
    return [Buffer.from(JSON.stringify({ name }))];
  };

describe('wsgi compare', function () {
  this.timeout(60_000);
  let folder = '';
  let list = '';
  let pen = '';
  let pencil = '';

  before(async () => {
    folder = temporaryFolder();
    list = join(folder, 'list.txt');
    writeFileSync(list, 'GET /items/1\nGET /missing\n');
    pen = `http://127.0.0.1:${(await serveApp(site('pen'))).serverPort}`;
    pencil = `http://127.0.0.1:${(await serveApp(site('pencil'))).serverPort}`;
  });

  afterEach(killCommands);
  after(async () => {
    await closeServers();
    removeTemporaryFolders();
  });

  it('prints help, with every option of its table', async () => {
    const { code, stdout, stderr } = await runCommand(['compare', '--help']);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    for (const option of Object.values(COMPARE_OPTIONS)) {
      // Of what is on by default, help has the flag that turns it off.
      const flags =
        option.default === true ? option.flags.map((flag) => flag.replace('--', '--no-')) : option.flags;
      expect(stdout).to.include(flags.join(', '));
    }
  });

  it('exits with 0 if all is equal', async () => {
    const { code, stdout, stderr } = await runCommand([
      'compare',
      list,
      '--original',
      pen,
      '--candidate',
      pen,
    ]);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.match(/2 exchanges: 2 equal, 0 different.*\n$/);
    expect(stdout).to.include('there is no --noise');
  });

  it('exits with 1 if something differs, and writes reports', async () => {
    const files = ['report.json', 'report.xml', 'report.html'].map((name) => join(folder, name));
    const args = ['--original', pen, '--candidate', pencil, '--noise', pen];
    const reports = files.flatMap((file) => ['--report', file]);
    const { code, stdout } = await runCommand(['compare', list, ...args, ...reports]);
    expect(code).to.equal(1);
    expect(stdout).to.include('/name');
    expect(stdout).to.include('curl ');
    expect(JSON.parse(readFileSync(files[0] ?? '', 'utf8')).totals).to.include({ equal: 1, different: 1 });
    expect(readFileSync(files[1] ?? '', 'utf8')).to.include('<testsuite');
    expect(readFileSync(files[2] ?? '', 'utf8')).to.include('<html');
  });

  it('names the secrets that nobody has given back', async () => {
    const secrets = join(folder, 'secrets.txt');
    writeFileSync(secrets, 'GET /?password=redacted-password-5e884898da28&pin=redacted-pin-0123456789ab\n');
    const args = ['compare', secrets, '--original', pen, '--candidate', pen];
    const { stderr } = await runCommand(args);
    expect(stderr).to.include('password, pin. --secret password=VALUE');
    const given = await runCommand([...args, '--secret', 'password=sesame', '--secret', 'pin=1']);
    expect(given.stderr).to.equal('');
  });

  it('exits with 2 if nothing was compared', async () => {
    const args = ['--original', pen, '--candidate', 'exit 3 # {port}'];
    const { code, stdout, stderr } = await runCommand(['compare', list, ...args]);
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    expect(stderr).to.include('--candidate: the command "exit 3');
    const empty = join(folder, 'empty.har');
    writeFileSync(empty, '{"log":{"entries":[]}}');
    const result = await runCommand(['compare', empty, '--original', pen, '--candidate', pen]);
    expect(result.code).to.equal(2);
    expect(result.stderr).to.include('nothing was compared');
  });

  const wrong: [what: string, args: string[], message: string][] = [
    ['a recording that is not named', [], 'needs a recording'],
    ['a candidate that is not named', ['x.har', '--original', 'a:b'], 'needs --candidate TARGET'],
    ['an option that it does not have', ['x.har', '--candidat', 'a:b'], 'did you mean --candidate?'],
    ['a report of no form', ['x.har', '--report', 'x.pdf'], '.json, .xml (JUnit) or .html'],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, async () => {
      const error = await command(args).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(UsageError);
      expect(String(error)).to.include(message);
    });
  }

  it('ends what it has started when Ctrl-C comes', async () => {
    const started = join(folder, 'pid');
    const serve = `echo $$ > '${started}'; exec sleep 300 # {port}`;
    const running = new Command(['compare', list, '--original', serve, '--candidate', pen]);
    await until(() => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n'), 'the start');
    const pid = Number(readFileSync(started, 'utf8'));
    running.child.kill('SIGINT');
    expect(await running.exit()).to.equal(130);
    expect(running.stderr).to.include('interrupted');
    expect(() => process.kill(pid, 0)).to.throw('ESRCH');
  });
});
