/** `run(app, { workers })` in a script, `--reload` with workers, and `node:cluster` of the user's own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeServer } from '../../../lib/server/server.js';
import { Command, killCommands } from '../../support/command.js';
import { ROOT } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { Crew, said } from './support.js';

const WSGI = JSON.stringify(`${ROOT}dist/index.js`);

function runScript(text: string, name = 'script.mjs'): Command {
  const cwd = temporaryFolder({ [name]: text });
  return new Command(['one', 'two'], { cwd, script: join(cwd, name), plain: true });
}

describe('run() with workers', function () {
  this.timeout(60_000);

  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  it('has each worker run the script up to it, and gives the parent a server', async () => {
    const command = runScript(`
      import { run } from ${WSGI};
      const app = (environ, start_response) => {
        start_response('200 OK', []);
        const facts = [process.pid, process.argv.slice(2), environ['wsgi.multiprocess'], environ['node.nonblocking']];
        return [Buffer.from(JSON.stringify(facts))];
      };
      const server = await run(app, { workers: 1, threads: 1, port: 0 });
      const answer = await (await fetch(server.address)).json();
      console.log(JSON.stringify({ answer, pid: process.pid, ppid: process.ppid, port: server.serverPort }));
      try { server.setApp(app); } catch (error) { console.log(error.message); }
      await server.close();
      console.log('closed', await fetch(server.address).catch(() => 'refused'));`);
    expect(await command.exit()).to.equal(0);
    const [started = '', facts = '', message, closed] = command.stdout.split('\n');
    expect(started).to.match(/^Server started at http:\/\/127\.0\.0\.1:\d+ \(1 worker\)$/);
    const { answer, pid, port } = JSON.parse(facts);
    expect(answer.slice(1)).to.deep.equal([['one', 'two'], true, false]);
    expect(answer[0]).not.to.equal(pid);
    expect(started).to.include(`:${port} `);
    expect(message).to.equal('setApp() cannot reach the application of workers');
    expect(closed).to.equal('closed refused');
  });

  it('says what a script threw before it, and why there can be none', async () => {
    const command = runScript(`
      import { run } from ${WSGI};
      if (process.send) throw new Error('in the worker only');
      await run(() => [], { workers: 2, port: 0 }).catch((error) => console.log(error.name, error.message));`);
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.match(/Error: in the worker only/);
    expect(command.stdout).to.equal('ConfigError A worker ended with code 1 before it served\n');
    const app = () => [];
    let refusal: unknown;
    await makeServer('127.0.0.1', 0, app, { workers: 2 }).catch((error: unknown) => {
      refusal = error;
    });
    expect(String(refusal)).to.equal(
      'ConfigError: makeServer() has no option workers: run() has, which starts the processes',
    );
  });

  it('is not for a worker of node:cluster, whose requests have wsgi.multiprocess all the same', async () => {
    const command = runScript(`
      import cluster from 'node:cluster';
      import { run } from ${WSGI};
      const app = (environ, start_response) => {
        start_response('200 OK', []);
        return [Buffer.from(String(environ['wsgi.multiprocess']))];
      };
      if (cluster.isPrimary) cluster.fork();
      else {
        const server = await run(app, { port: 0 });
        console.log(await (await fetch(server.address)).text());
        await run(app, { workers: 1, port: 0 }).catch(({ message }) => console.log(message));
        process.exit();
      }`);
    expect(await command.exit()).to.equal(0);
    expect(command.stdout.split('\n').slice(1, 3)).to.deep.equal([
      'true',
      'Option workers does not go with node:cluster: this process is a worker already',
    ]);
  });

  it('is restarted as a whole by --reload', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '1', '--reload']);
    await crew.begins(1);
    writeFileSync(join(crew.folder, 'text.mjs'), said('v1'));
    await crew.says(/text\.mjs changed: reloading/);
    await crew.begins(2);
    await until(() => crew.stdout.match(/Server started/g)?.length === 2, 'the second start');
    const address = [...crew.stdout.matchAll(/Server started at (\S+)/g)].at(-1)?.[1] ?? '';
    expect(await (await fetch(address)).text()).to.match(/^v1 /);
    crew.child.kill('SIGTERM');
    expect(await crew.exit()).to.equal(0);
  });

  it('leaves no worker when the parent is killed, not even one that is stuck', async () => {
    const crew = new Crew(['app.mjs:app', '-w', '2']);
    const workers = await crew.begins(2);
    const stuck = fetch(`${await crew.address()}/stuck?never`).catch(() => {});
    await crew.says(/serves \/stuck/);
    crew.child.kill('SIGKILL');
    await stuck;
    for (const pid of workers) await until(() => isGone(pid), `the end of process ${pid}`);
    expect(workers.filter((pid) => !isGone(pid))).to.deep.equal([]);
  });
});

function isGone(pid: number): boolean {
  try {
    // Linux: Z is one that has ended, and whose parent has not asked how.
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
