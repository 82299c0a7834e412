/** Many handlers in one thread of Pyodide: while one waits, others run. Nodes that cannot do that run none of it. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { fromPython } from '../../lib/python/from-python.js';
import { Command, killCommands } from '../support/command.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { ROOT } from '../support/source.js';
import { until } from '../support/until.js';

const PATIENCE_MS = 240_000;
const SLEEPERS = 100;
const MEMBERS = 50;

const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: object };
const switches = wasm !== undefined && 'Suspending' in wasm;

describe('many handlers in one thread of Pyodide', function () {
  this.timeout(PATIENCE_MS);

  if (!switches) return;
  const app = fromPython('many_handlers:application', {
    chdir,
    python: 'pyodide',
    threads: 1,
    workerConnections: 500,
    timeout: 60,
  });
  let url: string;
  before(() => app.ready);
  beforeEach(async () => {
    url = (await serveApp(app, { timeout: 0 })).address;
  });
  afterEach(closeServers);
  after(() => app.close());

  const textAt = async (path: string) => (await fetch(url + path)).text();
  const all = (count: number, path: (index: number) => string) =>
    Promise.all(Array.from({ length: count }, (_, index) => textAt(path(index))));

  it('sleep at the same time', async () => {
    const answers = await all(SLEEPERS, () => '/together');
    // Each has seen all others sleep.
    expect(new Set(answers)).to.deep.equal(new Set([String(SLEEPERS)]));
  });

  it('have context variables, exceptions, recursion and threading.local of their own', async () => {
    const answers = await all(10, (index) => `/own?${index}`);
    expect(answers).to.deep.equal(Array.from({ length: 10 }, (_, index) => `new ${index} True`));
  });

  it('wait for events, queues and locks of each other', async () => {
    const waiting = [textAt('/event'), textAt('/queue'), textAt('/queue')];
    expect(await textAt('/put?a')).to.equal('put');
    expect(await textAt('/put?b')).to.equal('put');
    expect(await textAt('/set')).to.equal('set');
    expect(await Promise.all(waiting)).to.have.members(['True', 'a', 'b']);
    expect(await all(5, (index) => `/locked?${index}`)).to.deep.equal(Array(5).fill('True'));
  });

  it('read bodies while others wait', async () => {
    const waits = textAt('/queue');
    const body = new Uint8Array(300_000);
    expect(await (await fetch(`${url}/body`, { method: 'POST', body })).text()).to.equal('300000');
    expect(await textAt('/put?c')).to.equal('put');
    expect(await waits).to.equal('c');
  });

  it('end alone when their clients leave', async () => {
    const stays = textAt('/queue');
    const { port } = new URL(url);
    const heads = [
      // They do not read what comes, and do not send the whole body.
      'GET /endless HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf',
    ];
    const clients = heads.map((head) => {
      const client = connect(Number(port), '127.0.0.1', () => client.write(head));
      return client.pause().on('error', () => undefined);
    });
    await until(() => clients.every(({ bytesWritten }) => bytesWritten > 0));
    // Others have their turns.
    expect(await all(20, () => '/')).to.deep.equal(Array(20).fill('hello'));
    for (const client of clients) client.destroy();
    await until(async () => (await textAt('/ended')) === 'ClientDisconnected endless');
    expect(await textAt('/put?d')).to.equal('put');
    expect(await stays).to.equal('d');
  });

  it('chat, each with a WebSocket', async () => {
    const sockets = await Promise.all(
      Array.from({ length: MEMBERS }, async () => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`);
        const messages: string[] = [];
        socket.on('message', (data: Buffer) => messages.push(data.toString()));
        await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
        return { socket, messages };
      }),
    );
    const [first, ...others] = sockets;
    first?.socket.send('hello');
    await until(() => others.every(({ messages }) => messages.includes('hello')));
    expect(await textAt('/hello')).to.equal('hello');
    for (const { socket } of sockets) socket.close();
  });
});

describe('a handler that ends among others in its thread of Pyodide', function () {
  this.timeout(PATIENCE_MS);
  if (!switches) return;
  const app = fromPython('many_handlers:application', {
    chdir,
    python: 'pyodide',
    threads: 1,
    workerConnections: 10,
    timeout: 5,
  });
  before(() => app.ready);
  afterEach(closeServers);
  after(() => app.close());

  it('gets KeyboardInterrupt after its time, whether it waits or runs, and the others go on', async () => {
    const { address } = await serveApp(app, { timeout: 0 });
    const socket = new WebSocket(`${address.replace('http', 'ws')}/echo`);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => messages.push(data.toString()));
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
    const log = await captureLog(async () => {
      expect((await fetch(`${address}/forever`)).status).to.equal(500);
      expect((await fetch(`${address}/busy`)).status).to.equal(500);
      expect((await fetch(`${address}/exit`)).status).to.equal(500);
    });
    expect(log).to.match(/GET \/forever: finally/);
    expect(log).to.match(/The application sent nothing for 5 s \(timeout\)[\s\S]*KeyboardInterrupt/);
    socket.send('still here');
    await until(() => messages.includes('still here'));
    socket.close();
  });
});

/** A request whose handler waits for its body. */
async function reading(address: string) {
  const headers = { 'Content-Length': '9', Expect: '100-continue' };
  const message = request(`${address}/body`, { method: 'POST', headers });
  message.flushHeaders();
  await once(message, 'continue');
  const body = async (bytes: string) => {
    message.end(bytes);
    const [response] = (await once(message, 'response')) as [IncomingMessage];
    return text(response);
  };
  return { body };
}

describe('a thread of Pyodide with many handlers that is told to stop', function () {
  this.timeout(PATIENCE_MS);
  if (!switches) return;
  afterEach(killCommands);

  it('waits for those that end in time, and raises KeyboardInterrupt in the others', async () => {
    const options = ['--threads', '1', '--worker-connections', '10', '--graceful-timeout', '2'];
    const command = new Command(
      ['many_handlers:application', '-b', '127.0.0.1:0', '--python', 'pyodide', ...options],
      { cwd: chdir },
    );
    const address = await command.address();
    const refused = fetch(`${address}/forever`).catch((error: Error) => error.name);
    const { body } = await reading(address);
    command.child.kill('SIGTERM');
    await command.says(/Stopping: waiting for 2 requests/);
    expect(await body('all of it')).to.equal('9');
    expect(await refused).to.equal('TypeError');
    expect(await command.exit()).to.equal(0);
    expect(command.stderr + command.stdout).to.match(
      /ends what still runs after 2 s \(graceful-timeout\): 1 request/,
    );
    expect(command.stderr + command.stdout).to.match(/GET \/forever: finally/);
  });
});

describe('examples/python/long_poll.py', function () {
  this.timeout(PATIENCE_MS);
  if (!switches) return;
  const app = fromPython('long_poll:app', {
    chdir: join(ROOT, 'examples', 'python'),
    python: 'pyodide',
    threads: 1,
    workerConnections: 100,
  });
  before(() => app.ready);
  afterEach(closeServers);
  after(() => app.close());

  it('tells all that wait what one of them says, and the time to another', async () => {
    const { address } = await serveApp(app, { timeout: 0 });
    const clock = (await fetch(`${address}/clock`)).body?.getReader();
    const said = Array.from({ length: 50 }, () => fetch(`${address}/messages?0`));
    const { value } = (await clock?.read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).to.match(/^\d\d:\d\d:\d\d\n/);
    expect((await fetch(`${address}/messages`, { method: 'POST', body: 'hello' })).status).to.equal(204);
    for (const answer of await Promise.all(said)) {
      expect(await answer.json()).to.deep.equal({ messages: ['hello'], next: 1 });
    }
    expect(await (await fetch(address)).text()).to.match(/Long polling/);
    await clock?.cancel();
    // Its handler sleeps, and is ended.
    await captureLog(closeServers);
  });
});
