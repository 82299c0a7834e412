/** Sockets that the process inherits, by --bind and from systemd; and what systemd is told. */
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { createServer, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, type CommandOptions, killCommands, runCommand } from '../support/command.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const APP = `
import { execFileSync } from 'node:child_process';
export const app = (environ, start_response) => {
  start_response('200 OK', []);
  const { SERVER_NAME, SERVER_PORT, REMOTE_ADDR } = environ;
  const variables = Object.keys(process.env).filter((name) => /^(?:LISTEN_|NOTIFY_)/.test(name));
  const child = execFileSync('sh', ['-c', 'if [ -e /proc/self/fd/3 ]; then readlink /proc/self/fd/3; fi'], { encoding: 'utf8' });
  return [Buffer.from(JSON.stringify({ SERVER_NAME, SERVER_PORT, REMOTE_ADDR, variables, child }))];
};`;

const opened = new Set<NetServer>();

async function open(place: { path: string } | { port: number; host: string }): Promise<NetServer> {
  const server = createServer();
  opened.add(server);
  server.listen(place);
  await once(server, 'listening');
  return server;
}

function portOf(server: NetServer): number {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

function descriptorOf(server: NetServer): number | undefined {
  return (server as { _handle?: { readonly fd: number } })._handle?.fd;
}

/** The server of the spec leaves it to the command. */
function leave(server: NetServer): void {
  opened.delete(server);
  server.close();
}

async function ask(place: number | string): Promise<Record<string, unknown>> {
  const peer = await Peer.connect(place);
  await peer.send(request());
  return JSON.parse(String((await peer.response()).body)) as Record<string, unknown>;
}

describe('a socket that the process inherits', () => {
  let folder = '';

  beforeEach(() => {
    folder = temporaryFolder({ 'app.mjs': APP });
  });

  afterEach(async () => {
    closePeers();
    await killCommands();
    for (const server of opened) leave(server);
    removeTemporaryFolders();
  });

  const start = (args: string[], options: CommandOptions) => new Command(args, { cwd: folder, ...options });

  it('is listened on with --bind fd://3, at its own address', async () => {
    const server = await open({ port: 0, host: '127.0.0.1' });
    const port = portOf(server);
    const command = start(['app.mjs:app', '--bind', 'fd://3'], { inherits: descriptorOf(server) });
    expect(await command.address()).to.equal(`http://127.0.0.1:${port}`);
    leave(server);
    expect(await ask(port)).to.include({
      SERVER_NAME: '127.0.0.1',
      SERVER_PORT: `${port}`,
      REMOTE_ADDR: '127.0.0.1',
    });
  });

  it('is taken from systemd where nothing else says where to listen, PORT neither', async () => {
    const server = await open({ port: 0, host: '127.0.0.1' });
    const port = portOf(server);
    const env = { PORT: '1', LISTEN_FDNAMES: 'a.socket' };
    const command = start(['app.mjs:app'], { inherits: descriptorOf(server), listenFds: 1, env });
    expect(await command.address()).to.equal(`http://127.0.0.1:${port}`);
    leave(server);
    // Neither the application nor the processes that it starts see anything of it.
    expect(await ask(port)).to.deep.include({ variables: [], child: '' });
  });

  it('outlives the process: the next one goes on with it', async () => {
    const server = await open({ port: 0, host: '127.0.0.1' });
    const port = portOf(server);
    const first = start(['app.mjs:app'], { inherits: descriptorOf(server), listenFds: 1 });
    await first.address();
    first.child.kill('SIGTERM');
    expect(await first.exit()).to.equal(0);
    const command = start(['app.mjs:app'], { inherits: descriptorOf(server), listenFds: 1 });
    await command.address();
    leave(server);
    expect(await ask(port)).to.include({ SERVER_PORT: `${port}` });
  });

  it('may be a Unix socket, whose file stays', async () => {
    const path = join(folder, 's');
    const server = await open({ path });
    const command = start(['app.mjs:app', '--forwarded-allow-ips', '1.1.1.1'], {
      inherits: descriptorOf(server),
      listenFds: 1,
    });
    const address = await command.address();
    expect(address).to.equal(process.platform === 'linux' ? `unix:${path}` : 'unix:fd://3');
    // Node removes the file of a server that it closes.
    const moved = join(folder, 'moved');
    renameSync(path, moved);
    leave(server);
    const peer = await Peer.connect(moved);
    await peer.send(request('/', { headers: ['X-Forwarded-For: 192.0.2.1'] }));
    const body = String((await peer.response()).body);
    expect(JSON.parse(body)).to.include({ SERVER_NAME: 'localhost', REMOTE_ADDR: '192.0.2.1' });
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(existsSync(moved)).to.equal(true);
  });

  it('is left alone if --bind names another place, or it is meant for another process', async () => {
    const server = await open({ port: 0, host: '127.0.0.1' });
    const bound = start(['app.mjs:app', '-b', '127.0.0.1:0'], {
      inherits: descriptorOf(server),
      listenFds: 1,
    });
    expect(await bound.address()).not.to.contain(`:${portOf(server)}`);
    const env = { LISTEN_PID: '1', LISTEN_FDS: '1', PORT: '0' };
    const other = start(['app.mjs:app'], { inherits: descriptorOf(server), env });
    expect(await other.address()).not.to.contain(`:${portOf(server)}`);
  });

  it('goes with threads', async () => {
    const server = await open({ port: 0, host: '127.0.0.1' });
    const port = portOf(server);
    const command = start(['app.mjs:app', '--threads', '1'], {
      inherits: descriptorOf(server),
      listenFds: 1,
    });
    await command.address();
    leave(server);
    expect(await ask(port)).to.deep.include({ SERVER_PORT: `${port}`, variables: [] });
  });

  it('goes with workers, which take its address for theirs', async () => {
    const path = join(folder, 's');
    const server = await open({ path });
    const words = ['app.mjs:app', '-w', '1', '--forwarded-allow-ips', '1.1.1.1'];
    const command = start(words, { inherits: descriptorOf(server), listenFds: 1 });
    await command.address();
    const moved = join(folder, 'moved');
    renameSync(path, moved);
    leave(server);
    const peer = await Peer.connect(moved);
    await peer.send(request('/', { headers: ['X-Forwarded-For: 192.0.2.1'] }));
    const body = JSON.parse(String((await peer.response()).body)) as object;
    expect(body).to.include({ SERVER_NAME: 'localhost', REMOTE_ADDR: '192.0.2.1' });
    expect(body).to.deep.include({ variables: [] });
  });

  it('must be one that a server can listen on, and one alone', async () => {
    const options = { cwd: folder };
    const missing = await runCommand(['app.mjs:app', '--bind', 'fd://77'], options);
    expect(missing).to.include({ code: 1 });
    expect(missing.stderr).to.match(
      /^wsgi: fd:\/\/77 is not a socket that a server can listen on: the process that starts/,
    );
    const several = await runCommand(['app.mjs:app'], { ...options, listenFds: 2 });
    expect(several.stderr).to.match(
      /^wsgi: There are 2 sockets of systemd \(LISTEN_FDS\).*--bind fd:\/\/3, up to fd:\/\/4/,
    );
    const reload = await runCommand(['app.mjs:app', '--bind', 'fd://3', '--reload'], options);
    expect(reload).to.include({ code: 2 });
    expect(reload.stderr).to.match(/^wsgi: --reload does not go with a socket that is inherited/);
  });
});

describe('systemd, with NOTIFY_SOCKET', () => {
  afterEach(async () => {
    await killCommands();
    removeTemporaryFolders();
  });

  /** A program `systemd-notify` that writes down what it is told. */
  function notifying(script: string): { folder: string; env: Record<string, string>; told: () => string } {
    const folder = temporaryFolder({ 'app.mjs': APP, 'systemd-notify': `#!/bin/sh\n${script}\n` });
    chmodSync(join(folder, 'systemd-notify'), 0o755);
    const told = () => (existsSync(join(folder, 'told')) ? readFileSync(join(folder, 'told'), 'utf8') : '');
    const env = {
      NOTIFY_SOCKET: join(folder, 'socket'),
      PATH: `${folder}:${process.env['PATH']}`,
      FOLDER: folder,
    };
    return { folder, env, told };
  }

  it('is told when the server is ready, and when it stops', async () => {
    const { folder, env, told } = notifying('echo "$NOTIFY_SOCKET $*" >> "$FOLDER/told"');
    const command = new Command(['app.mjs:app', '-b', '127.0.0.1:0'], { cwd: folder, env });
    const address = await command.address();
    const ready = `${join(folder, 'socket')} READY=1\n`;
    await until(() => told() === ready, 'READY=1');
    expect(await (await fetch(address)).json()).to.deep.include({ variables: [] });
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    await until(() => told() === `${ready}${join(folder, 'socket')} STOPPING=1\n`, 'STOPPING=1');
  });

  it('is told by the parent of workers, also of a reload', async () => {
    const { folder, env, told } = notifying('echo "$1" >> "$FOLDER/told"');
    const command = new Command(['app.mjs:app', '-b', '127.0.0.1:0', '-w', '1'], { cwd: folder, env });
    const [, address = ''] = await command.says(/Server started at (\S+)/);
    expect(await (await fetch(address)).json()).to.deep.include({ variables: [] });
    command.child.kill('SIGHUP');
    await until(() => told() === 'READY=1\nRELOADING=1\nREADY=1\n', 'a reload');
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    await until(() => told().endsWith('STOPPING=1\n'), 'STOPPING=1');
  });

  it('neither holds up nor ends the server if it cannot be told', async () => {
    const { folder, env } = notifying('exit 3');
    const command = new Command(['app.mjs:app', '-b', '127.0.0.1:0'], { cwd: folder, env });
    await command.says(
      /WARNING:wsgi:NOTIFY_SOCKET is set, but systemd was not told READY=1: systemd-notify ended with code 3/,
    );
    const nowhere = { ...env, PATH: '/nonexistent' };
    const other = new Command(['app.mjs:app', '-b', '127.0.0.1:0'], { cwd: folder, env: nowhere });
    await other.says(/systemd was not told READY=1: systemd-notify could not be started/);
    other.child.kill('SIGTERM');
    expect(await other.exit()).to.equal(0);
  });
});
