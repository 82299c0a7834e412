/** No request is lost while workers come and go, whatever clients are doing. */
import { expect } from 'chai';
import { killCommands } from '../../support/command.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { SteadyClients } from './steady-clients.js';
import { Crew } from './support.js';

describe('workers under load', function () {
  this.timeout(120_000);

  let clients: SteadyClients;

  afterEach(async () => {
    await clients.end();
    await killCommands();
    removeTemporaryFolders();
  });

  it('lose no request in five reloads, nor with one that is added, taken away or told to end', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '1']);
    clients = new SteadyClients(await crew.port(), 2);
    for (let i = 1; i <= 5; i++) {
      const before = clients.answered;
      await crew.signal('SIGHUP', /Reloaded/, i);
      await until(() => clients.answered > before + 30, 'answers after the reload');
    }
    await crew.signal('SIGTTIN', /2 workers are wanted/);
    await crew.begins(7);
    await crew.signal('SIGTTOU', /1 worker is wanted/);
    await until(() => crew.serving.length === 1, 'one worker');
    const [pid = 0] = crew.serving;
    process.kill(pid, 'SIGTERM');
    await crew.says(new RegExp(`Worker ${pid} has left`));
    await until(() => [...clients.ways.values()].every((count) => count > 20), '20 answers of each kind');
    await clients.end();
    expect(clients.failures).to.deep.equal([]);
    expect(clients.pids.size).to.be.above(5);
    for (const count of clients.ways.values()) expect(count).to.be.above(20);
    expect(clients.ways.size).to.equal(5);
    crew.child.kill('SIGTERM');
    expect(await crew.exit()).to.equal(0);
    expect(crew.stderr).not.to.match(/ERROR|WARNING|did not/);
  });

  it('lose none over TLS, with workers that leave after --max-requests', async () => {
    const tls = ['--certfile', TLS.certfile, '--keyfile', TLS.keyfile];
    const limits = ['--max-requests', '150', '--max-requests-jitter', '100'];
    const crew = new Crew(['app.mjs:app', '-w', '2', ...limits, ...tls]);
    const port = await crew.port();
    await crew.begins(2);
    clients = new SteadyClients(port, 2, true);
    await until(() => (crew.stderr.match(/has left/g)?.length ?? 0) >= 3, 'three that have left');
    await clients.end();
    expect(clients.failures).to.deep.equal([]);
    const counts = [...crew.stderr.matchAll(/has served (\d+) requests \(max-requests\)/g)].map(([, n]) =>
      Number(n),
    );
    for (const count of counts) expect(count).to.be.within(150, 250);
    crew.child.kill('SIGTERM');
    expect(await crew.exit()).to.equal(0);
  });
});
