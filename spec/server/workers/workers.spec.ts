/** `wsgi -w N`: how connections are shared, the signals of the parent, and the address, which outlives all workers. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { killCommands, runCommand } from '../../support/command.js';
import { closePeers, Peer, request } from '../../support/peer.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { Crew } from './support.js';

/** A worker answers on a connection of its own. */
async function ask(place: number | string, target = '/', tls = false): Promise<{ peer: Peer; pid: number }> {
  const peer = await Peer.connect(place, { tls });
  await peer.send(request(target));
  const { body } = await peer.response();
  return { peer, pid: Number(body.toString().split(' ')[1]) };
}

describe('wsgi --workers', function () {
  this.timeout(90_000);

  after(async () => {
    closePeers();
    await killCommands();
    removeTemporaryFolders();
  });
  afterEach(closePeers);

  describe('with two workers', () => {
    let crew: Crew;
    let port = 0;
    before(async () => {
      crew = new Crew(['app.mjs:app', '-w', '2', '--access-logfile', 'log', '--pid', 'pid']);
      port = await crew.port();
      await crew.begins(2);
    });

    it('says its address once, and how many there are', async () => {
      expect(crew.stdout).to.match(/^Server started at http:\/\/127\.0\.0\.1:\d+ \(2 workers\)\n/);
      expect(Number(readFileSync(join(crew.folder, 'pid'), 'utf8'))).to.equal(crew.child.pid);
    });

    it('gives environ wsgi.multiprocess', async () => {
      expect((await crew.get('/multiprocess')).text).to.equal('true');
    });

    it('gives the busiest at most 60 % of 50 connections', async () => {
      // A worker that the system does not run for 100 ms counts as stuck, and the other one has what comes meanwhile.
      let busiest = 50;
      for (let round = 0; round < 10 && busiest > 30; round++) {
        closePeers();
        const pids = await Promise.all(Array.from({ length: 50 }, async () => (await ask(port)).pid));
        const [first = 0, second = 0] = crew.serving.map((pid) => pids.filter((one) => one === pid).length);
        expect(first + second).to.equal(50);
        busiest = Math.max(first, second);
      }
      expect(busiest).to.be.at.most(30);
    });

    it('lets at most one of 100 new connections wait for a worker that is stuck', async () => {
      const stuck = await Peer.connect(port);
      const file = join(crew.folder, 'unstuck');
      await stuck.send(request(`/stuck?${file}`));
      await crew.says(/serves \/stuck/);
      let answered = 0;
      const all = Array.from({ length: 100 }, async () => {
        await ask(port);
        answered++;
      });
      await until(() => answered >= 99, '99 answers');
      writeFileSync(file, '');
      await Promise.all(all);
      expect((await stuck.response()).status).to.equal(200);
    });

    it('adds a worker for SIGTTIN and takes one away for SIGTTOU, whose connections go on', async () => {
      await crew.signal('SIGTTIN', /3 workers are wanted/);
      await crew.begins(3);
      const peers = await Promise.all(Array.from({ length: 6 }, () => ask(port)));
      expect(new Set(peers.map(({ pid }) => pid)).size).to.equal(3);
      await crew.signal('SIGTTOU', /has left$/);
      for (const { peer } of peers) await peer.send(request());
      for (const { peer } of peers)
        expect((await peer.responses(2)).map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(crew.serving).to.have.length(2);
    });

    it('opens the logs of all workers again for SIGUSR1', async () => {
      const log = join(crew.folder, 'log');
      renameSync(log, `${log}.1`);
      crew.child.kill('SIGUSR1');
      await until(async () => {
        await Promise.all([ask(port, '/'), ask(port, '/')]);
        closePeers();
        try {
          return readFileSync(log, 'utf8').split('\n').length > 10;
        } catch {
          return false;
        }
      }, 'lines in the new file');
      const old = readFileSync(`${log}.1`, 'utf8').length;
      for (let i = 0; i < 4; i++) await ask(port);
      expect(readFileSync(`${log}.1`, 'utf8')).to.have.length(old);
    });

    it('replaces a worker that is told to end, and no connection notices', async () => {
      const peers = await Promise.all(Array.from({ length: 4 }, () => ask(port)));
      const [pid = 0] = crew.serving;
      process.kill(pid, 'SIGTERM');
      await crew.says(new RegExp(`Worker ${pid} was told to end \\(SIGTERM\\): another one takes its place`));
      await crew.says(new RegExp(`Worker ${pid} has left`));
      for (const { peer } of peers) await peer.send(request());
      for (const { peer } of peers)
        expect((await peer.responses(2))[1]?.body.toString()).to.match(/^v0 \d+$/);
    });

    it('keeps its port when all workers are killed at once', async () => {
      const count = crew.began.length;
      for (const pid of crew.serving) process.kill(pid, 'SIGKILL');
      // It is accepted at once, and served when there is a worker.
      expect((await ask(port)).pid).to.be.above(1);
      await crew.begins(count + 2);
      expect(await crew.address()).to.include(`:${port}`);
    });

    it('ends gracefully, with 0', async () => {
      const { peer } = await ask(port);
      const file = join(crew.folder, 'end');
      await peer.send(request(`/waits?${file}`));
      await crew.says(/serves \/waits/);
      crew.child.kill('SIGTERM');
      await until(
        () =>
          new Promise((resolve) => {
            const socket = connect(port, '127.0.0.1').on('error', () => resolve(true));
            socket.on('connect', () => resolve(socket.destroy() === undefined));
          }),
        'an address that refuses',
      );
      writeFileSync(file, '');
      expect((await peer.responses(2))[1]?.status).to.equal(200);
      closePeers();
      expect(await crew.exit()).to.equal(0);
      expect(crew.stdout).to.match(/Server stopped\.\n$/);
    });
  });

  it('serves a Unix socket that outlives its worker, with TLS and threads', async () => {
    const { certfile, keyfile } = TLS;
    const args = ['--threads', '1', '--certfile', certfile, '--keyfile', keyfile];
    const crew = new Crew(['app.mjs:blocking', '-w', '1', '-b', 'unix:a.sock', ...args]);
    const path = join(crew.folder, 'a.sock');
    const [pid = 0] = await crew.begins(1);
    expect(await crew.address()).to.equal('unix:a.sock');
    expect((await ask(path, '/', true)).pid).to.equal(pid);
    process.kill(pid, 'SIGKILL');
    expect((await ask(path, '/', true)).pid).not.to.equal(pid);
    // Over TLS a connection cannot move: the worker waits for its next request, and says that it is the last.
    const { peer } = await ask(path, '/', true);
    crew.child.kill('SIGHUP');
    await until(() => crew.began.length === 3, 'a third worker');
    await peer.send(request());
    const [, last] = await peer.responses(2);
    expect(last?.status).to.equal(200);
    expect(last?.headers['connection']).to.equal('close');
    closePeers();
    await crew.says(/Reloaded/);
    crew.child.kill('SIGINT');
    expect(await crew.exit()).to.equal(0);
  });

  it('ends at once for SIGQUIT, whatever runs; the workers do not heed the terminal', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '1']);
    const port = await crew.port();
    const [pid = 0] = await crew.begins(1);
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.kill(pid, signal);
    const peer = await Peer.connect(port);
    await peer.send(request('/waits?never'));
    await crew.says(/serves \/waits/);
    crew.child.kill('SIGQUIT');
    expect(await crew.exit()).to.equal(0);
    expect(crew.began).to.deep.equal([pid]);
  });

  it('takes WEB_CONCURRENCY as a default, and has a parent then', async () => {
    const { stdout } = await runCommand(['--print-config'], { env: { WEB_CONCURRENCY: '3' } });
    expect(stdout).to.include('workers = 3\n');
    const given = await runCommand(['--print-config', '-w', '2'], { env: { WEB_CONCURRENCY: '3' } });
    expect(given.stdout).to.include('workers = 2\n');
    const wrong = await runCommand(['--print-config'], { env: { WEB_CONCURRENCY: 'all' } });
    expect(wrong.stderr).to.match(
      /^wsgi: The environment variable WEB_CONCURRENCY must be a whole number from 1/,
    );
    const none = await runCommand(['--print-config']);
    expect(none.stdout).to.include('workers = undefined\n');
  });
});
