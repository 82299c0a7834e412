/** Signals, as a process gets them: what a stop waits for, SIGHUP with a terminal and without, SIGUSR1. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { requireProgram } from '../support/program.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const CLI = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

const APP = `
export const app = async (environ, start_response) => {
  const websocket = environ['wsgi.websocket'];
  console.log('serves ' + environ.PATH_INFO);
  if (websocket !== undefined) {
    await websocket.accept();
    await new Promise(() => {});
  }
  if (environ.PATH_INFO === '/waits') await new Promise(() => {});
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};
export const blocking = (environ, start_response) => {
  console.log('serves ' + environ.PATH_INFO);
  if (environ.PATH_INFO === '/waits') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600_000);
  start_response('200 OK', []);
  return [Buffer.from('ok')];
};`;

const WARNING =
  'WARNING:wsgi:SIGHUP does not reload a single process: that needs workers or --reload. The server goes on\n';

function serve(args: string[], app = APP): Command {
  const cwd = temporaryFolder({ 'app.mjs': app });
  return new Command(['-b', '127.0.0.1:0', ...args], { cwd, script: CLI, plain: true });
}

const portOf = async (command: Command) => Number(new URL(await command.address()).port);
const ok = async (command: Command) => (await fetch(await command.address())).text();

describe('signals', function () {
  this.timeout(60_000);

  afterEach(async () => {
    closePeers();
    closeClients();
    await killCommands();
    removeTemporaryFolders();
  });

  describe('a stop', () => {
    it('says what it waits for and until when, and that a second Ctrl-C stops at once', async () => {
      const command = serve(['app.mjs:app', '--graceful-timeout', '600']);
      const port = await portOf(command);
      const peers = [await Peer.connect(port), await Peer.connect(port)];
      for (const peer of peers) await peer.send(request('/waits'));
      await until(() => command.stdout.split('serves /waits').length === 3, 'two requests');
      command.child.kill('SIGINT');
      await command.says(
        /^Stopping: waiting for 2 requests, up to 600 s \(until \d\d:\d\d:\d\d\)\. Ctrl-C again stops at once\.$/m,
      );
      command.child.kill('SIGINT');
      expect(await command.exit()).to.equal(0);
      expect(command.stdout).to.match(/Server stopped\.\n$/);
    });

    it('counts a WebSocket as one, whose client does not answer', async () => {
      const command = serve(['app.mjs:app', '--graceful-timeout', '600']);
      const port = await portOf(command);
      const client = await WebSocketClient.connect(port);
      await command.says(/serves \/chat/);
      client.client.pause();
      const peer = await Peer.connect(port);
      await peer.send(request('/waits'));
      await command.says(/serves \/waits/);
      command.child.kill('SIGTERM');
      await command.says(/waiting for 1 request and 1 WebSocket, .* A second SIGTERM stops at once\.\n/);
      command.child.kill('SIGTERM');
      expect(await command.exit()).to.equal(0);
    });

    it('counts the requests of threads', async () => {
      const command = serve(['app.mjs:blocking', '--threads', '2', '--graceful-timeout', '600']);
      const peer = await Peer.connect(await portOf(command));
      await peer.send(request('/waits'));
      await command.says(/serves \/waits/);
      command.child.kill('SIGINT');
      await command.says(/waiting for 1 request, up to 600 s/);
      command.child.kill('SIGINT');
      expect(await command.exit()).to.equal(0);
    });

    it('counts those of workers', async () => {
      const command = serve(['app.mjs:app', '--workers', '2', '--graceful-timeout', '600']);
      const port = await portOf(command);
      const client = await WebSocketClient.connect(port);
      await command.says(/serves \/chat/);
      client.client.pause();
      for (let count = 1; count <= 2; count++) {
        await (await Peer.connect(port)).send(request('/waits'));
        await until(() => command.stdout.split('serves /waits').length > count, `${count} requests`);
      }
      command.child.kill('SIGINT');
      await command.says(/^Stopping: waiting for 2 requests and 1 WebSocket, up to 600 s .* Ctrl-C again/m);
      command.child.kill('SIGINT');
      expect(await command.exit()).to.equal(0);
    });

    it('has nothing to say without requests', async () => {
      const command = serve(['app.mjs:app']);
      await ok(command);
      command.child.kill('SIGINT');
      expect(await command.exit()).to.equal(0);
      expect(command.stdout).to.match(/^Server started at \S+\nserves \/\nServer stopped\.\n$/);
    });
  });

  describe('SIGHUP', () => {
    for (const mode of [['app.mjs:app'], ['app.mjs:blocking', '--threads', '1']]) {
      it(`says what it needs, and the server goes on (${mode.join(' ')})`, async () => {
        const command = serve(mode);
        await ok(command);
        command.child.kill('SIGHUP');
        await until(() => command.stderr.endsWith(WARNING), 'the warning');
        expect(await ok(command)).to.equal('ok');
        command.child.kill('SIGTERM');
        expect(await command.exit()).to.equal(0);
      });
    }

    it('is left to an application that listens for it', async () => {
      const command = serve(['app.mjs:app'], `${APP}\nprocess.on('SIGHUP', () => console.log('mine'));`);
      await ok(command);
      command.child.kill('SIGHUP');
      await command.says(/mine/);
      expect(await ok(command)).to.equal('ok');
      expect(command.stderr).to.equal('');
    });

    describe('of a terminal that goes away', () => {
      before(function () {
        requireProgram('script', this);
      });

      for (const reload of [[], ['--reload']]) {
        it(`stops the server gracefully (${['wsgi', ...reload].join(' ')})`, async () => {
          const stopped = `process.on('exit', () => fs.writeFileSync('stopped', ''));`;
          const cwd = temporaryFolder({ 'app.mjs': `import fs from 'node:fs'; ${stopped} ${APP}` });
          const args = [CLI, 'app.mjs:app', '-b', 'unix:a.sock', '-p', 'pid', ...reload];
          const line = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
          // A terminal of its own, until it is killed.
          const terminal = spawn('script', ['-qfec', line, '/dev/null'], {
            cwd,
            stdio: ['pipe', 'pipe', 'inherit'],
          });
          try {
            let said = '';
            terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
              said += text;
            });
            await until(() => said.includes('Server started'), 'the start');
            expect(Number(readFileSync(join(cwd, 'pid'), 'utf8'))).to.be.above(1);
          } finally {
            terminal.kill('SIGKILL');
          }
          await until(() => existsSync(join(cwd, 'stopped')), 'the end of the server');
          await until(() => !existsSync(join(cwd, 'pid')), 'the end of the process that the pid file names');
          expect(existsSync(join(cwd, 'a.sock'))).to.equal(false);
        });
      }
    });
  });

  it('SIGTERM while the first thread loads stops the server, and leaves no file', async () => {
    const app = `console.log('loads'); setInterval(() => {}, 1000); await new Promise(() => {}); ${APP}`;
    const cwd = temporaryFolder({ 'app.mjs': app });
    const args = ['app.mjs:app', '--threads', '1', '-b', 'unix:a.sock', '-p', 'pid'];
    const command = new Command(args, { cwd, script: CLI, plain: true });
    await command.says(/loads/);
    expect(existsSync(join(cwd, 'a.sock'))).to.equal(true);
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(readdirSync(cwd)).to.deep.equal(['app.mjs']);
    expect(command.stdout + command.stderr).to.equal('loads\nServer stopped.\n');
  });

  for (const mode of [[], ['--threads', '1']]) {
    it(`SIGQUIT stops at once, and leaves no file (${['wsgi', ...mode].join(' ')})`, async () => {
      const cwd = temporaryFolder({ 'app.mjs': APP });
      const app = mode.length > 0 ? 'app.mjs:blocking' : 'app.mjs:app';
      const command = new Command([app, ...mode, '-b', 'unix:a.sock', '-p', 'pid'], {
        cwd,
        script: CLI,
        plain: true,
      });
      await command.says(/started/);
      const peer = await Peer.connect(join(cwd, 'a.sock'));
      await peer.send(request('/waits'));
      await command.says(/serves/);
      command.child.kill('SIGQUIT');
      expect(await command.exit()).to.equal(0);
      expect(readdirSync(cwd)).to.deep.equal(['app.mjs']);
    });
  }

  it('SIGUSR1 opens no debugger where there is no log file', async () => {
    const command = serve(['app.mjs:app']);
    await ok(command);
    command.child.kill('SIGUSR1');
    for (let i = 0; i < 3; i++) expect(await ok(command)).to.equal('ok');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr).to.equal('');
  });
});
