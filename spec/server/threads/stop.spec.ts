/** run() in a script, the command, what a thread prints, and the stop: in processes of their own. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../../support/command.js';
import { scriptOf } from '../../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { WebSocketClient } from '../../support/web-socket-client.js';

const LIB = new URL('../../../dist/index.js', import.meta.url).href;
const SCRIPT = fileURLToPath(new URL('../fixtures/thread-script.mjs', import.meta.url));

describe('a process with threads', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  it('runs its script in each thread, and the code after run() only in itself', async () => {
    const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '3' } });
    const url = await command.address();
    await until(() => command.stdout.split('before run()').length === 5, 'four times before run()');
    await command.says(/after run\(\)/);
    expect(await (await fetch(`${url}/`)).text()).to.equal('hello from a thread');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
    expect(command.stdout.match(/after run\(\)/g)).to.have.length(1);
    expect(command.stdout).to.match(/Server stopped\.\n$/);
  });

  it('may have a CommonJS script that asks whether it is the main module', async () => {
    const folder = temporaryFolder({
      'app.cjs': `import(${JSON.stringify(LIB)}).then(({ run }) => {
        const app = (environ, start_response) => {
          start_response('200 OK', []);
          return [Buffer.from('from CommonJS')];
        };
        if (require.main === module) run(app, { threads: 1, port: 0 });
      });`,
    });
    const command = new Command([], { script: join(folder, 'app.cjs'), plain: true });
    expect(await (await fetch(await command.address())).text()).to.equal('from CommonJS');
  });

  it('prints at once what a handler that blocks says, in its order', async () => {
    const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '1' } });
    const answer = fetch(`${await command.address()}/say`);
    await command.says(/one\nthree\n/);
    await command.says(/two\nto wsgi\.errors\n/);
    expect(command.stdout).not.to.match(/the end of the sleep/);
    await (await answer).text();
    await command.says(/the end of the sleep/);
    expect(command.stderr).to.equal('two\nto wsgi.errors\n');
  });

  for (const path of ['/exit', '/timer-throws']) {
    it(`replaces threads as often as a handler takes them down, and serves others (${path})`, async () => {
      const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '2' } });
      const url = await command.address();
      const get = (path: string) => fetch(url + path).then((answer) => answer.status);
      // With a pause that doubles each time these rounds would take longer than a spec may.
      for (let round = 0; round < 12; round++) {
        // As many as there are threads, so that none is spared.
        await Promise.all([get(path), get(path)]);
        // What comes to a thread in the moment of its end fails with it. A second one does not.
        const answers = await Promise.all([get('/'), get('/'), get('/')]);
        expect(answers).to.include(200);
        expect(await get('/')).to.equal(200);
      }
    });
  }

  it('stops while its handlers block: those that take too long are ended', async () => {
    const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '2', GRACE: '0.3' } });
    const url = await command.address();
    const quick = fetch(`${url}/sleep?0.1`).then((answer) => answer.text());
    const slow = fetch(`${url}/sleep?60`).catch((error: Error) => error);
    await command.says(/sleeping 0\.1\n/);
    await command.says(/sleeping 60\n/);
    command.child.kill('SIGTERM');
    expect(await quick).to.equal('slept');
    expect(await slow).to.be.instanceOf(Error);
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
  });

  it('closes WebSockets with 1001 when it stops', async () => {
    const command = new Command([], { script: SCRIPT, plain: true, env: { THREADS: '1' } });
    const port = Number(new URL(await command.address()).port);
    const client = await WebSocketClient.connect(port, { path: '/ws' });
    command.child.kill('SIGTERM');
    expect((await client.closed).code).to.equal(1001);
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
  });

  it('ends even if a thread cannot be ended, in a system call that blocks', async function () {
    this.timeout(60_000);
    const folder = temporaryFolder();
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const command = new Command([], {
      script: SCRIPT,
      plain: true,
      env: { THREADS: '1', GRACE: '0.2', FIFO: fifo },
    });
    const url = await command.address();
    fetch(`${url}/fifo`).catch(() => undefined);
    await command.says(/reading the FIFO/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal('SIGKILL');
    expect(command.stderr).to.match(/A thread cannot be ended/);
  });
});

describe('a stop with threads has a bound', function () {
  this.timeout(60_000);
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  it('where a thread that hangs in a system call was replaced a moment before', async () => {
    const env = { THREADS: '1', GRACE: '5', TIMEOUT: '1' };
    const command = new Command([], { script: SCRIPT, plain: true, env });
    const answer = await fetch(`${await command.address()}/exec`);
    expect(answer.status).to.equal(500);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal('SIGKILL');
  });

  it('where a new thread hangs while it loads, and says so in the log and to clients', async () => {
    const hang = join(temporaryFolder(), 'hang');
    const env = { THREADS: '1', TIMEOUT: '0.5', HANG: hang };
    const command = new Command([], { script: SCRIPT, plain: true, env });
    const url = await command.address();
    writeFileSync(hang, '');
    expect((await fetch(`${url}/exit`)).status).to.equal(500);
    const answer = await fetch(`${url}/`);
    expect(answer.status).to.equal(503);
    await command.says(/WARNING:wsgi:A thread has been loading the application for \d+ s/);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
  });

  it('where no thread has loaded the application yet', async () => {
    const hang = join(temporaryFolder({ hang: '' }), 'hang');
    const inner = (module: string) =>
      JSON.stringify(pathToFileURL(scriptOf(`../../../lib/${module}.ts`, import.meta.url)));
    const script = `
      import { resolveOptions } from ${inner('server/options/options')};
      import { Server } from ${inner('server/server')};
      import { isMainThread } from 'node:worker_threads';
      if (!isMainThread) for (;;);
      const server = new Server(() => [], resolveOptions({ port: 0, threads: 2 }));
      server.listening.catch((error) => console.log(error.message));
      await server.close();
      console.log('closed');`;
    const folder = temporaryFolder({ 'app.mjs': script });
    const command = new Command([], { script: join(folder, 'app.mjs'), env: { HANG: hang } });
    await command.says(/stopped before a thread had the application[\s\S]*closed/);
    expect(await command.exit()).to.equal(0);
  });
});

describe('wsgi --threads', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  const APP = `let calls = 0;
    export const app = (environ, start_response) => {
      start_response('200 OK', []);
      return [Buffer.from(String(environ['deploy.key']) + environ['wsgi.multiprocess'] + environ['wsgi.input'].read())];
    };
    export const broken = () => { throw new Error('broken'); };`;

  it('loads the application in each thread, and the config file with it', async () => {
    const config = "export default { environ: { 'deploy.key': 'k' } };";
    const cwd = temporaryFolder({ 'site.mjs': APP, 'wsgi.config.mjs': config });
    const command = new Command(['site.mjs:app', '-b', '127.0.0.1:0', '--threads', '2'], { cwd });
    const answer = await fetch(await command.address(), { method: 'POST', body: ' body' });
    expect(await answer.text()).to.equal('ktrue body');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
  });

  it('finds the config file again after the chdir in it', async () => {
    const config = "export default { chdir: 'site', environ: { 'deploy.key': 'k' } };";
    const cwd = temporaryFolder({ 'site/site.mjs': APP, 'wsgi.config.mjs': config });
    const command = new Command(['site.mjs:app', '-b', '127.0.0.1:0', '--threads', '1'], { cwd });
    expect(await (await fetch(await command.address())).text()).to.equal('ktrue');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.be.oneOf([0, 'SIGTERM']);
  });

  const failures: [does: string, target: string, message: RegExp][] = [
    ['there is no such module', 'none.mjs:app', /There is no module none\.mjs: \S+ does not exist\n$/],
    ['there is no such name', 'site.mjs:ap', /site\.mjs does not export ap \(did you mean app\?\)/],
    ['the module throws', 'throws.mjs:app', /Error: while it loads\n +at /],
    ['its factory throws', 'site.mjs:broken()', /broken\(\) in site\.mjs threw/],
  ];
  for (const [does, target, message] of failures) {
    it(`says in one message that ${does}, and ends`, async () => {
      const cwd = temporaryFolder({ 'site.mjs': APP, 'throws.mjs': "throw new Error('while it loads');" });
      const result = await runCommand([target, '-b', '127.0.0.1:0', '--threads', '3'], { cwd });
      expect(result.code).to.equal(1);
      expect(result.stdout).to.equal('');
      expect(result.stderr).to.match(message);
      expect(result.stderr.match(/could not be loaded/g)).to.have.length(1);
      expect(result.stderr).not.to.match(/ConfigError/);
    });
  }
});
