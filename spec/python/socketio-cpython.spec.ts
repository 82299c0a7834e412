/** Flask-SocketIO on CPython: the mode that works, and what the others say. */
import { expect } from 'chai';
import { Command, killCommands, runCommand } from '../support/command.js';
import { APPLICATIONS as cwd, PYTHON, requirePython } from '../support/python.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const PATH = '/socket.io/?EIO=4&transport=';

/** A client of Engine.IO 4 and Socket.IO 5, once it is connected. */
async function connect(address: string): Promise<WebSocketClient> {
  const { port } = new URL(address);
  const client = new WebSocketClient(Number(port), { path: `${PATH}websocket` });
  expect(await client.next()).to.match(/^0\{"sid":/);
  client.client.send('40');
  expect(await client.next()).to.match(/^40\{"sid":/);
  return client;
}

describe('Flask-SocketIO', function () {
  this.timeout(60_000);
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    closeClients();
    await killCommands();
  });

  for (const target of ['socketio_script.py', 'socketio_script.py:app']) {
    it(`talks to its clients in threads, also where gevent is installed: ${target}`, async () => {
      const args = [target, '--python', PYTHON, ...(target.endsWith('app') ? ['-b', '127.0.0.1:0'] : [])];
      const address = await new Command(args, { cwd }).address();
      expect(await (await fetch(`${address}${PATH}polling`)).text()).to.match(/^0\{"sid":/);
      const clients = await Promise.all([connect(address), connect(address)]);
      clients[0]?.client.send('42["message","hi"]');
      for (const client of clients) expect(await client.next()).to.equal('42["message","you : hi"]');
    });
  }

  const refused: [env: Record<string, string>, message: RegExp][] = [
    [{ MODE: 'gevent' }, /async_mode='gevent' needs the server of gevent.* write async_mode='threading'/],
    [
      { MODE: 'eventlet' },
      /async_mode='eventlet' needs the server of eventlet.* write async_mode='threading'/,
    ],
    [
      { PATCH: 'gevent' },
      /needs real threads here, and gevent has replaced them: leave out its monkey patching/,
    ],
  ];
  for (const [env, message] of refused) {
    it(`says at the start what to do: ${JSON.stringify(env)}`, async () => {
      const { code, stderr } = await runCommand(['socketio_script.py', '--python', PYTHON], { cwd, env });
      expect(code).to.equal(1);
      expect(stderr).to.match(/^wsgi: The Python application could not be loaded/);
      expect(stderr).to.match(message);
    });
  }
});
