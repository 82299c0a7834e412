/** run() in a process of its own: what it prints, how it stops, and that nothing keeps it alive. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { closePeers, Peer, request } from '../support/peer.js';
import { scriptOf } from '../support/source.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const script = scriptOf('fixtures/run-app.ts', import.meta.url);

function start(options: object = {}, mode = ''): Command {
  return new Command([JSON.stringify({ port: 0, ...options }), mode], { script });
}

async function portOf(command: Command): Promise<number> {
  return Number(new URL(await command.address()).port);
}

describe('run()', function () {
  this.timeout(60_000);

  afterEach(async () => {
    closePeers();
    closeClients();
    await killCommands();
  });

  it('prints where it listens, and serves', async () => {
    const command = start();
    const address = await command.address();
    expect(address).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(`${address}/hello`)).text()).to.equal('/hello');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stops on ${signal}, says so, and exits with 0`, async () => {
      const command = start();
      const port = await portOf(command);
      const idle = await Peer.connect(port);
      await idle.send(request());
      await idle.response();
      const client = await WebSocketClient.connect(port);
      command.child.kill(signal);
      expect(await command.exit()).to.equal(0);
      expect(command.stdout).to.match(/Server stopped\.\n$/);
      expect((await client.closed).code).to.equal(1001);
      expect(command.stderr).to.equal('');
    });
  }

  it('lets a running request finish first', async () => {
    const command = start();
    const peer = await Peer.connect(await portOf(command));
    await peer.send(request('/slow'));
    await command.says(/slow began/);
    command.child.kill('SIGTERM');
    const response = await peer.response();
    expect(String(response.body)).to.equal('/slow');
    expect(response.headers['connection']).to.equal('close');
    expect(await command.exit()).to.equal(0);
  });

  it('lets a WebSocket handler clean up before the process ends', async () => {
    const command = start();
    const client = await WebSocketClient.connect(await portOf(command), { path: '/save' });
    command.child.kill('SIGTERM');
    expect((await client.closed).code).to.equal(1001);
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/saved\nServer stopped\.\n$/);
  });

  it('waits for it no longer than gracefulTimeout', async () => {
    const command = start({ gracefulTimeout: 0.3 });
    const peer = await Peer.connect(await portOf(command));
    await peer.send(request('/forever'));
    await command.says(/forever began/);
    command.child.kill('SIGTERM');
    await peer.closed();
    expect(peer.text).to.equal('');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/Server stopped\.\n$/);
  });

  it('stops at once at the second signal', async () => {
    const command = start({ gracefulTimeout: 300 });
    const port = await portOf(command);
    const peer = await Peer.connect(port);
    await peer.send(request('/forever'));
    await command.says(/forever began/);
    command.child.kill('SIGINT');
    for (;;) {
      // Refused: the first signal has come.
      const other = await Peer.connect(port).catch(() => undefined);
      if (other === undefined) break;
    }
    command.child.kill('SIGINT');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout.match(/Server stopped\./g)).to.have.length(1);
  });

  it('leaves the process to who else handles the signal, and nothing that keeps it alive', async () => {
    const command = start({}, 'handler');
    await command.address();
    command.child.kill('SIGTERM');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout)
      .to.include('handled\n')
      .and.include('Server stopped.\n')
      .and.match(/served\n$/);
  });

  it('leaves nothing that keeps the process alive when it is closed', async () => {
    const command = start({}, 'close');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/served\n$/);
  });

  it('says in one sentence that a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const command = start({ port });
    expect(await command.exit()).to.equal(0);
    taken.close();
    expect(command.stdout).to.equal(`ConfigError: 127.0.0.1:${port} is already in use\n`);
  });

  it('refuses an application that is not a function', async () => {
    const command = start({}, 'no function');
    expect(await command.exit()).to.equal(0);
    expect(command.stdout).to.match(/^ConfigError: An application is a function/);
  });
});
