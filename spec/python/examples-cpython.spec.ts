/** The examples of examples/python do what they say. */
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands } from '../support/command.js';
import { requirePython } from '../support/python.js';
import { ROOT, scriptOf } from '../support/source.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

const cwd = join(ROOT, 'examples', 'python');
/** Without it they would run in Pyodide, which this folder has. */
const env = { VIRTUAL_ENV: join(ROOT, '.venv') };

describe('examples/python', () => {
  before(function () {
    requirePython(this);
  });
  afterEach(async () => {
    closeClients();
    await killCommands();
  });

  it('app.py answers, and talks over a WebSocket', async () => {
    const command = new Command(['app.py:app', '-b', '127.0.0.1:0'], { cwd, env });
    const address = await command.address();
    expect(await (await fetch(`${address}/x`)).text()).to.equal('Hello from Python, at /x\n');
    const client = new WebSocketClient(Number(new URL(address).port), { path: '/' });
    client.client.once('open', () => client.client.send('hi'));
    expect(await client.next()).to.equal('Python heard: hi');
  });

  it('mounted.ts answers in JavaScript what is ported, and in Python what is not', async () => {
    const script = scriptOf('../../examples/python/mounted.ts', import.meta.url);
    const command = new Command([], { cwd, env, script });
    const address = await command.address();
    expect(await (await fetch(`${address}/ported`)).text()).to.equal('Hello from JavaScript\n');
    expect(await (await fetch(`${address}/other`)).text()).to.equal('Hello from Python, at /other\n');
  });
});
