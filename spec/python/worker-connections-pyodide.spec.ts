/** Many handlers in one thread of Pyodide: while one waits, others run. Nodes that cannot do that run none of it. */
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { fromPython } from '../../lib/python/from-python.js';
import { APPLICATIONS as chdir } from '../support/python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
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
    const sleeps = textAt('/event');
    const body = new Uint8Array(300_000);
    expect(await (await fetch(`${url}/body`, { method: 'POST', body })).text()).to.equal('300000');
    expect(await textAt('/set')).to.equal('set');
    expect(await sleeps).to.equal('True');
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
