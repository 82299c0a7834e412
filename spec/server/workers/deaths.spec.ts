/** Workers that die, do not start, or are stuck: what is logged, and that another one takes their place. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { SUPERVISOR } from '../../../lib/server/workers/child-report.js';
import { WORKER } from '../../../lib/server/workers/messages.js';
import { killCommands } from '../../support/command.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { Crew, said } from './support.js';

/** The id of a process that is no more. */
const endedProcess = () => spawnSync('true').pid;

const BROKEN = `throw new Error('broken'); ${said('')}`;

describe('a worker that fails', function () {
  this.timeout(90_000);

  afterEach(async () => {
    closePeers();
    await killCommands();
    removeTemporaryFolders();
  });

  async function send(crew: Crew, target: string): Promise<Peer> {
    const peer = await Peer.connect(await crew.port());
    await peer.send(request(target));
    return peer;
  }

  it('is replaced when it dies, and what it served is logged', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '2']);
    const [first = 0, second = 0] = await crew.begins(2);
    const serves = (pid: number) => crew.stdout.includes(`serves /waits in ${pid}\n`);
    // Two, as a rule: one that the machine does not run for a moment gets none.
    for (let sent = 1; !serves(first) || !serves(second); sent++) {
      await send(crew, `/waits?${sent}%0A`);
      await until(() => crew.stdout.split('serves /waits').length > sent, `${sent} requests`);
    }
    // Their guards have noted what they serve: within 20 ms, where the machine runs them.
    await sleep(1000);
    process.kill(first, 'SIGKILL');
    const served = String.raw`GET /waits\?\d+%0A \(since \d\d:\d\d:\d\d, \d+\.\d s\)`;
    await crew.says(
      new RegExp(
        `Worker ${first} was ended by SIGKILL\\. It was serving ${served}.*\\. Another one takes its place`,
      ),
    );
    await crew.begins(3);
    process.kill(second, 'SIGKILL');
    await crew.says(new RegExp(`Worker ${second} was ended by SIGKILL\\. It was serving ${served}`));
    await crew.begins(4);
    const thrown = await send(crew, '/throws');
    await crew.says(
      /thrown in a timer(?:.*\n)*.*Worker \d+ ended with code 1(?:\.| .*\.) Another one takes its place/,
    );
    thrown.destroy();
    expect((await crew.get()).text).to.equal('v0');
  });

  it('is killed and replaced when its event loop is blocked for longer than the timeout', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '1', '--timeout', '1']);
    const [pid = 0] = await crew.begins(1);
    const waiting = await send(crew, '/stuck?never');
    await crew.says(/serves \/stuck/);
    // It has come while the worker was stuck, and is served by the next.
    const next = await send(crew, '/');
    await crew.says(
      new RegExp(
        `Worker ${pid} was killed: its event loop was blocked for more than 1 s \\(timeout\\)\\. It was serving GET /stuck\\?never \\(since`,
      ),
    );
    expect((await next.response()).status).to.equal(200);
    await until(() => waiting.ended, 'the end of the connection');
    expect(waiting.raw).to.have.length(0);
    expect(crew.began).to.have.length(2);
  });

  it('is not killed while its threads are busy, or a debugger may hold it', async () => {
    const busy = new Crew(['app.mjs:blocking', '-w', '1', '--timeout', '3', '--threads', '1']);
    const debugged = new Crew(
      ['app.mjs:app', '-w', '1', '--timeout', '1'],
      {},
      { NODE_OPTIONS: '--inspect=0' },
    );
    await Promise.all([busy.begins(1), debugged.begins(1)]);
    const file = join(debugged.folder, 'unstuck');
    const stuck = await send(debugged, `/stuck?${file}`);
    await debugged.says(/serves \/stuck/);
    // The thread itself is ended by the timeout of its request, with an error; the worker stays.
    const blocked = await send(busy, '/stuck?never');
    expect((await blocked.response()).status).to.be.oneOf([500, 503, 504]);
    writeFileSync(file, '');
    expect((await stuck.response()).status).to.equal(200);
    for (const crew of [busy, debugged]) expect(crew.began).to.have.length(1);
  });

  it('is tried again, at growing intervals, when it does not start any more; why is said once', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '2']);
    const [first = 0, second = 0] = await crew.begins(2);
    writeFileSync(join(crew.folder, 'text.mjs'), BROKEN);
    process.kill(first, 'SIGKILL');
    await crew.says(
      /A worker did not start: app\.mjs threw while it was loading\n.*broken(?:.*\n)*It is tried again/,
    );
    expect((await crew.get()).pid).to.equal(second);
    writeFileSync(join(crew.folder, 'text.mjs'), said('fixed'));
    await crew.begins(3);
    expect(crew.stderr.match(/broken/g)).to.have.length(1);
  });

  it('is the end of the server when the first does not start', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '2'], { 'text.mjs': BROKEN });
    expect(await crew.exit()).to.equal(1);
    expect(crew.stderr).to.match(/^wsgi: app\.mjs threw while it was loading\nError: broken\n/);
    expect(crew.stdout).to.equal('');
    const gone = new Crew(['app.mjs:app', '-w', '2'], { 'text.mjs': `process.exit(3); ${said('')}` });
    expect(await gone.exit()).to.equal(1);
    expect(gone.stderr).to.equal('wsgi: A worker ended with code 3 before it served\n');
  });

  it('is not waited for by a stop while it loads: the parent ends as ever, and leaves no file', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '2', '--pid', 'pid', '-b', 'unix:socket'], {
      'text.mjs': `console.log('loads'); setInterval(() => {}, 1000); await new Promise(() => {}); ${said('')}`,
    });
    await crew.says(/loads/);
    expect(existsSync(join(crew.folder, 'pid'))).to.equal(true);
    crew.child.kill('SIGTERM');
    expect(await crew.exit()).to.equal(0);
    expect(crew.stdout).to.equal('loads\nServer stopped.\n');
    expect(readdirSync(crew.folder).sort()).to.deep.equal(['app.mjs', 'text.mjs']);
  });

  it('does not become a server of its own when what started it was killed before it looked', async () => {
    const place = JSON.stringify({ parent: endedProcess(), address: null });
    for (const [name, value] of [
      [WORKER, place],
      [SUPERVISOR, String(endedProcess())],
    ] as const) {
      const orphan = new Crew(['app.mjs:app', '-w', '1'], {}, { [name]: value });
      expect(await orphan.exit(), name).to.equal(1);
      expect(orphan.stdout + orphan.stderr).to.equal('');
    }
  });
});
