/** --user and --group: who the process becomes, and what it has done before. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError } from '../../../lib/errors.js';
import { findOwner } from '../../../lib/server/cli/process-owner.js';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const APP = `
import { existsSync } from 'node:fs';
const who = () => [process.getuid(), process.getgid(), process.getgroups().join(',')].join(' ');
const loaded = who();
export const app = (environ, start_response) => {
  start_response('200 OK', []);
  return [Buffer.from(JSON.stringify([loaded, who()]))];
};`;

/** As `id` has it. */
function idOf(user: string, flag: string): string {
  return spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout.trim();
}

const isRoot = process.getuid?.() === 0;
const hasNobody = idOf('nobody', '-u') !== '';

describe('findOwner', () => {
  const root = isRoot ? it : it.skip;

  it('finds nobody where neither option is given, or who runs the process already', () => {
    expect(findOwner(undefined, undefined)).to.equal(undefined);
    if (!isRoot) expect(findOwner(process.getuid?.(), process.getgid?.())).to.equal(undefined);
  });

  root('finds a user by name or number, with the group of that user', () => {
    const [uid, gid] = [Number(idOf('nobody', '-u')), Number(idOf('nobody', '-g'))];
    expect(findOwner('nobody', undefined)).to.deep.equal({ uid, gid, name: 'nobody' });
    expect(findOwner(uid, 'daemon')).to.deep.equal({
      uid,
      gid: Number(idOf('daemon', '-g')),
      name: 'nobody',
    });
    expect(findOwner(undefined, 'daemon')).to.deep.equal({
      uid: 0,
      gid: Number(idOf('daemon', '-g')),
      name: undefined,
    });
    expect(findOwner(4_000_000, 4_000_001)).to.deep.equal({
      uid: 4_000_000,
      gid: 4_000_001,
      name: undefined,
    });
  });

  it('says what it does not know', () => {
    expect(() => findOwner('no-such-user', undefined)).to.throw(
      ConfigError,
      'There is no user no-such-user (--user)',
    );
    expect(() => findOwner('root', 'no-such-group')).to.throw(
      ConfigError,
      'There is no group no-such-group (--group)',
    );
    expect(() => findOwner(4_000_000, undefined)).to.throw(ConfigError, 'give --group as well');
  });
});

describe('wsgi --user', () => {
  let folder = '';

  before(function () {
    if (!isRoot || !hasNobody) this.skip();
  });

  beforeEach(() => {
    folder = temporaryFolder({ 'app.mjs': APP });
    chmodSync(folder, 0o755);
  });

  afterEach(async () => {
    closePeers();
    await killCommands();
    removeTemporaryFolders();
  });

  const who = () =>
    [idOf('nobody', '-u'), idOf('nobody', '-g'), idOf('nobody', '-G').replaceAll(' ', ',')].join(' ');

  async function ask(path: string): Promise<unknown> {
    const peer = await Peer.connect(path);
    await peer.send(request());
    return JSON.parse(String((await peer.response()).body));
  }

  for (const [mode, more] of [
    ['on the event loop', []],
    ['in threads', ['--threads', '1']],
    ['in a worker', ['-w', '1']],
  ] as const) {
    it(`becomes that user after it listens and before it loads the application ${mode}`, async () => {
      mkdirSync(join(folder, 'log'));
      const path = join(folder, 'log/s');
      const files = ['-p', 'log/pid', '--access-logfile', 'log/access', '--error-logfile', 'log/error'];
      const command = new Command(['app.mjs:app', '-u', 'nobody', '-b', `unix:${path}`, ...files, ...more], {
        cwd: folder,
      });
      await command.address();
      expect(await ask(path)).to.deep.equal([who(), who()]);
      for (const name of ['pid', 'access', 'error', 's']) {
        const { uid, gid } = statSync(join(folder, 'log', name));
        expect(`${uid} ${gid}`, name).to.equal(who().split(' ', 2).join(' '));
      }
      // The folder is root's: a log that is moved away can be opened again only if there is a new one, as logrotate makes it.
      renameSync(join(folder, 'log/access'), join(folder, 'log/access.1'));
      spawnSync('install', ['-o', 'nobody', '/dev/null', join(folder, 'log/access')]);
      command.child.kill('SIGUSR1');
      const written = async () => {
        await ask(path);
        return readFileSync(join(folder, 'log/access'), 'latin1').includes('GET /');
      };
      await until(written, 'a line in the new log');
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
      // Neither can it remove the file from there; it names nobody any more. The parent of workers is root still.
      const pid = join(folder, 'log/pid');
      expect(existsSync(pid) ? readFileSync(pid, 'utf8') : '').to.equal('');
      expect(existsSync(pid)).to.equal(mode !== 'in a worker');
    });
  }

  it('gives the user the logs that a parent of workers, or a new worker, makes; no worker ends by itself', async function () {
    this.timeout(60_000);
    const [uid, gid] = who().split(' ').map(Number) as [number, number];
    const logs = join(folder, 'log');
    mkdirSync(logs);
    chownSync(logs, uid, gid);
    const path = join(folder, 's');
    const files = ['--access-logfile', 'log/access', '--error-logfile', 'log/error'];
    const command = new Command(['app.mjs:app', '-u', 'nobody', '-w', '1', '-b', `unix:${path}`, ...files], {
      cwd: folder,
    });
    await command.address();
    const said: string[] = [];
    const logged = (name: string) => {
      const file = join(logs, name);
      return existsSync(file) ? readFileSync(file, 'latin1') : '';
    };
    for (const [turn, signal] of (['SIGUSR1', 'SIGHUP', 'SIGUSR1'] as const).entries()) {
      const written = async () => {
        expect(await ask(path)).to.deep.equal([who(), who()]);
        closePeers();
        return logged('access').includes('GET /');
      };
      await until(written, `a line in log ${turn}`);
      said.push(logged('error'));
      expect(statSync(join(logs, 'access')).uid).to.equal(uid);
      renameSync(join(logs, 'access'), join(logs, `access.${turn}`));
      command.child.kill(signal);
    }
    await until(() => existsSync(join(logs, 'access')), 'the last log');
    expect(said.join('')).not.to.match(/takes its place|Cannot open/);
    expect(command.stderr).not.to.match(/takes its place|Cannot open/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
  });

  it('says why the application cannot be loaded, and ends', async () => {
    const { code, stderr } = await runCommand(['none.mjs', '-u', 'nobody', '-b', '127.0.0.1:0'], {
      cwd: folder,
    });
    expect(code).to.equal(1);
    expect(stderr).to.match(/^wsgi: There is no module none\.mjs: /);
  });

  it('is for root alone', () => {
    const asNobody = ['--reuid', idOf('nobody', '-u'), '--clear-groups', process.execPath];
    const script = `import(${JSON.stringify(new URL('../../../lib/server/cli/process-owner.js', import.meta.url).href)})
      .then(({ findOwner }) => findOwner('root')).catch((error) => console.log(error.message))`;
    expect(existsSync('/usr/bin/setpriv') || existsSync('/bin/setpriv')).to.equal(true);
    const { stdout } = spawnSync('setpriv', [...asNobody, ...process.execArgv, '-e', script], {
      encoding: 'utf8',
    });
    expect(stdout).to.match(
      /^Only root can become another user or group \(--user\): start the process as root/,
    );
  });
});
