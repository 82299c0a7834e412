/** The units of docs/deploying.md: systemd finds no fault in them, and the service serves on the socket that it is given. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../lib/porting/compare/target/start-server.js';
import { SERVER_OPTIONS } from '../../lib/server/options/option-table.js';
import { fileOfPage, withPlaces } from '../support/page-file.js';
import { findProgram, requireProgram } from '../support/program.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { optionsOf, PAGE, project } from './support.js';

const PATIENCE_MS = 20_000;

const FILES = ['app.socket', 'app.service'] as const;

/** The values of a key. */
function valuesOf(unit: string, key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

describe('the units of systemd', () => {
  let folder = '';
  let units: Record<(typeof FILES)[number], string>;
  const started: ChildProcess[] = [];

  before(function () {
    requireProgram('systemd-analyze', this);
    requireProgram('systemd-socket-activate', this);
    folder = project();
    const [socket, service] = FILES.map((name) => fileOfPage(PAGE, `/etc/systemd/system/${name}`));
    units = {
      'app.socket': socket as string,
      'app.service': withPlaces(service as string, [['/srv/app', folder]]),
    };
  });
  afterEach(async () => {
    for (const child of started.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  });
  after(removeTemporaryFolders);

  function verify(texts: Readonly<Record<string, string>>): { status: number | null; said: string } {
    const paths = Object.entries(texts).map(([name, text]) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], {
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  }

  it('are without fault for systemd', () => {
    expect(verify(units)).to.deep.equal({ status: 0, said: '' });
  });

  it('would not be, with a slip', () => {
    const slip = { ...units, 'app.service': units['app.service'].replace('NotifyAccess', 'NotifyAcces') };
    expect(verify(slip).said).to.include("Unknown key 'NotifyAcces'");
    const missing = { ...units, 'app.service': units['app.service'].replace('.bin/wsgi', '.bin/wsg') };
    expect(verify(missing).status).not.to.equal(0);
  });

  it('give the server longer than it takes to stop, and tell systemd when it serves', () => {
    const service = units['app.service'];
    const [, ...words] = valuesOf(service, 'ExecStart')[0]?.split(' ') ?? [];
    const { gracefulTimeout = 30 } = optionsOf(words);
    expect(Number(valuesOf(service, 'TimeoutStopSec')[0])).to.be.at.least(gracefulTimeout + 5);
    expect(valuesOf(service, 'Type')).to.deep.equal(['notify']);
    expect(valuesOf(service, 'NotifyAccess')).to.deep.equal(['all']);
    expect(valuesOf(service, 'Requires')).to.deep.equal(['app.socket']);
  });

  it('serve on the socket of systemd, and stop when systemd says so', async function () {
    // Until the server takes LISTEN_FDS.
    if (!Object.hasOwn(SERVER_OPTIONS, 'reusePort')) this.skip();
    const port = await freePort();
    const words = valuesOf(units['app.service'], 'ExecStart')[0]?.split(' ') ?? [];
    const environment = valuesOf(units['app.service'], 'Environment').flatMap((value) => ['-E', value]);
    const activate = findProgram('systemd-socket-activate') as string;
    const args = ['-l', `127.0.0.1:${port}`, '-E', `PATH=${process.env['PATH']}`, ...environment, ...words];
    const child = spawn(activate, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    started.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said += text));
    await until(() => /Listening on/.test(said), `the socket: ${said}`);
    // The first connection starts it, and waits.
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {
        throw new Error(`No answer: ${said}`);
      });
    expect(await (await ask('/')).text()).to.equal('the site');
    expect((await ask('/-/status')).status).to.equal(200);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited, said).to.deep.equal([0, null]);
  });
});
