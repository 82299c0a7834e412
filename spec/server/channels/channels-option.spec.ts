/** `--channels` on the command line, and the client of Redis that may not be there. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { channels } from '../../../lib/server/options/channels-kind.js';
import { resolveOptions } from '../../../lib/server/options/options.js';
import { killCommands, runCommand } from '../../support/command.js';
import { ROOT } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';

describe('the option channels', function () {
  this.timeout(60_000);

  afterEach(killCommands);
  after(removeTemporaryFolders);

  it('takes the URL of a Redis, or a function', () => {
    const factory = () => ({ subscribe() {}, unsubscribe() {}, publish() {}, close: async () => {} });
    for (const value of [
      'redis://cache',
      'rediss://joe:secret@cache/1',
      'redis+unix:///redis.sock',
      factory,
    ]) {
      expect(resolveOptions({ channels: value }).channels).to.equal(value);
    }
    expect(resolveOptions().channels).to.equal(undefined);
  });

  for (const [value, why] of [
    ['nats://joe:secret@cache', "or a function (docs/channels.md), not 'nats://***@cache'"],
    ['joe:secret@cache', "or a function (docs/channels.md), not '***@cache'"],
    [
      'redis://joe:secret@cache/secret-db',
      "not 'redis://***@cache/secret-db': only the number of a database",
    ],
    [6379, 'or a function (docs/channels.md), not 6379'],
    [{ publish() {} }, 'or a function (docs/channels.md), not { publish: [Function: publish] }'],
  ] as const) {
    it(`refuses ${JSON.stringify(value)}, and shows no password`, () => {
      expect(() => channels.check(value, '--channels'))
        .to.throw('--channels must be a URL such as redis://HOST:6379')
        .with.property('message')
        .that.includes(why)
        .and.does.not.include('joe');
    });
  }

  it('is printed without a password', async () => {
    const { stdout } = await runCommand(['--print-config', '--channels', 'redis://joe:secret@cache/1']);
    expect(stdout).to.include("channels = 'redis://***@cache/1'\n").and.not.include('secret');
  });

  describe('where the package redis', () => {
    /** This package as it is installed beside no other than those that it needs. */
    function installed(beside: Readonly<Record<string, string>> = {}) {
      const folder = temporaryFolder();
      const own = join(folder, 'global', 'node_modules');
      mkdirSync(join(own, 'wsgi'), { recursive: true });
      cpSync(join(ROOT, 'dist'), join(own, 'wsgi', 'dist'), { recursive: true });
      cpSync(join(ROOT, 'package.json'), join(own, 'wsgi', 'package.json'));
      for (const name of ['ws', 'busboy', 'streamsearch']) {
        symlinkSync(join(ROOT, 'node_modules', name), join(own, name), 'junction');
      }
      const cwd = temporaryFolder(beside);
      return (channels: string, ...more: string[]) =>
        runCommand(['-b', '127.0.0.1:0', '--channels', channels, ...more], {
          cwd,
          script: join(own, 'wsgi', 'dist', 'bin.js'),
          plain: true,
        });
    }

    for (const [what, index, why] of [
      ['is not installed', undefined, 'need the package redis, which is not installed: npm install redis'],
      ['is too old', 'exports.createClient = () => {};', 'need version 5 or newer of the package redis'],
      ['is broken', "throw new Error('half of it is missing');", 'cannot be loaded: half of it is missing'],
    ] as const) {
      it(`${what}, says so in one sentence, and does not start`, async () => {
        const run = installed(index === undefined ? {} : { 'node_modules/redis/index.js': index });
        const { code, stdout, stderr } = await run('redis://:secret@127.0.0.1:1');
        expect(code).to.equal(1);
        expect(stdout).to.equal('');
        expect(stderr)
          .to.match(/^wsgi: [^\n]+\n$/)
          .and.include(why)
          .and.not.include('secret');
        if (index !== undefined) return;
        const checked = await run('redis://:secret@127.0.0.1:1', '--check-config');
        expect(checked).to.deep.equal({ code, stdout, stderr });
      });
    }
  });
});
