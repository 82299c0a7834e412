/** How the logs of a server are written: as JSON, and with times in files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

const APP = `
export const app = (environ, start_response) => {
  environ['wsgi.errors'].write('half a ');
  environ['wsgi.errors'].write('line\\n');
  environ['wsgi.errors'].write('two\\nlines\\u2028\\n');
  environ['wsgi.errors'].write('no end');
  if (environ.PATH_INFO === '/boom') throw new Error('a\\n"b"\\x1b');
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};`;

/** Every line is an object. */
function objects(text: string): Record<string, unknown>[] {
  expect(text)
    .to.match(/\n$/)
    .and.not.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]/);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log as JSON', () => {
  let folder = '';

  beforeEach(() => {
    folder = temporaryFolder({ 'app.mjs': APP });
  });

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  for (const [mode, more] of [
    ['on the event loop', []],
    ['in threads', ['--threads', '1']],
  ] as const) {
    it(`has an object on every line of both standard streams ${mode}`, async () => {
      const args = [
        'app.mjs:app',
        '-b',
        '127.0.0.1:0',
        '--log-format',
        'json',
        '--access-logfile',
        '-',
        ...more,
      ];
      const command = new Command(args, { cwd: folder });
      const [, address] = await command.says(/Server started at (http:[^"]+)"/);
      await (await fetch(`${address}/boom?a="b`)).text();
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      const [started, access, stopped] = objects(command.stdout);
      expect(started).to.include({ level: 'info', logger: 'wsgi', message: `Server started at ${address}` });
      expect(access).to.include({
        level: 'info',
        logger: 'wsgi.access',
        target: '/boom?a=%22b',
        status: 500,
      });
      expect(access?.['duration']).to.be.a('number').within(0, 60);
      expect(stopped).to.include({ message: 'Server stopped.' });
      const errors = objects(command.stderr);
      const written = errors.filter(({ logger }) => logger === 'wsgi.errors');
      expect(written.map(({ message }) => message)).to.deep.equal([
        'half a line',
        'two\nlines\u2028',
        'no end',
      ]);
      const [failure] = errors.filter(({ logger }) => logger === 'wsgi');
      expect(failure).to.include({ level: 'error' });
      expect(failure?.['message']).to.match(/^GET \/boom: Error in the application \(received [^)]+\)$/);
      expect(failure?.['stack']).to.match(/^Error: a\n {4}"b"\\x1b\n {4}at .*app\.mjs/);
      for (const { time, pid } of [...errors, access ?? {}]) {
        expect(time).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(pid).to.equal(command.child.pid);
      }
    });
  }

  it('says why the command ends', async () => {
    const { code, stderr } = await runCommand(['none.mjs:app', '--log-format', 'json'], { cwd: folder });
    expect(code).to.equal(1);
    const [failure] = objects(stderr);
    expect(failure).to.include({ level: 'critical', logger: 'wsgi' });
    expect(failure?.['message']).to.match(/^There is no module none\.mjs/);
  });
});

describe('a log as text', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  for (const [mode, more] of [
    ['on the event loop', []],
    ['in threads', ['--threads', '1']],
  ] as const) {
    it(`has time and process before each message in a file ${mode}`, async () => {
      const folder = temporaryFolder({ 'app.mjs': APP });
      const args = ['app.mjs:app', '-b', '127.0.0.1:0', '--error-logfile', 'errors', ...more];
      const command = new Command(args, { cwd: folder });
      await (await fetch(`${await command.address()}/boom`)).text();
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      const log = readFileSync(join(folder, 'errors'), 'utf8');
      expect(log).to.match(
        /^half a line\ntwo\nlines\u2028\nno end\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[\d+\] ERROR:wsgi:GET \/boom: Error in the application .*\nError: a\n {4}"b"/,
      );
      expect(log).to.contain(` [${command.child.pid}] ERROR:wsgi:`);
    });
  }

  it('names a folder that is missing', async () => {
    const folder = temporaryFolder({ 'app.mjs': APP });
    for (const flag of ['--access-logfile', '--error-logfile', '-p']) {
      const { code, stderr } = await runCommand(['app.mjs:app', '-b', '127.0.0.1:0', flag, 'no/log'], {
        cwd: folder,
      });
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /^wsgi: Cannot (?:open|write) the .* no\/log: ENOENT.*\. There is no folder \S+\/no: create it first\n$/,
      );
    }
  });
});
