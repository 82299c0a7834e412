/** WebSockets of Python that go on for long (applications/messages.py): what the specs of both runtimes ask. */
import { once } from 'node:events';
import { expect } from 'chai';
import type { Application, WebSocket } from '../../lib/environ/types.js';
import type { PythonApplication } from '../../lib/python/from-python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

/** As a middleware may put it into the environ: nothing but the public interface. */
function wrapped(socket: WebSocket): WebSocket {
  return new Proxy(socket, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
    getPrototypeOf: () => null,
  });
}

/** @param app made and loaded before the specs run: one process, and all WebSockets share what it has seen. */
export function hasMessages(app: () => PythonApplication): void {
  let port: number;
  beforeEach(async () => {
    port = (await serveApp(app(), { timeout: 0, gracefulTimeout: 20 })).serverPort;
  });
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  it('answers messages that came in a row, of any size, in their order', async () => {
    const client = await WebSocketClient.connect(port, { path: '/echo' });
    const sent = Array.from({ length: 600 }, (_, index) =>
      index % 3 === 0
        ? Buffer.alloc(index * 100, index)
        : `${index} \u{1f600}${'ö'.repeat(index % 7 === 0 ? 70_000 : index)}`,
    );
    for (const message of sent) client.client.send(message);
    for (const message of sent) expect((await client.next()).toString()).to.equal(message.toString());
    await client.close();
  });

  it('gives all that came before the client closed, and answers are sent', async () => {
    const client = await WebSocketClient.connect(port, { path: '/late' });
    for (const text of ['first', 'go', 'second', 'third']) client.client.send(text);
    const closed = client.close(4001, 'enough');
    for (const text of ['first', 'second', 'third']) expect(await client.next()).to.equal(text);
    expect((await closed).code).to.equal(4001);
  });

  it('answers the handshake when the first call closes, unless it was refused', async () => {
    const client = await WebSocketClient.connect(port, { path: '/closes' });
    const { code, reason } = await client.closed;
    expect([code, reason]).to.deep.equal([4003, 'not you']);
    const refused = new WebSocketClient(port, { path: '/refused' });
    const [, response] = await once(refused.client, 'unexpected-response');
    expect(response.statusCode).to.equal(403);
  });

  it('refuses messages that are neither text nor bytes', async () => {
    const client = await WebSocketClient.connect(port, { path: '/odd' });
    for (const type of ['int', 'NoneType', 'list', 'object'])
      expect(await client.next()).to.equal(`A message is text or bytes, not ${type}`);
  });

  it('waits for a message for a time, and loses none that comes later', async () => {
    const client = await WebSocketClient.connect(port, { path: '/timeouts' });
    expect(await client.next()).to.equal('begin');
    for (let index = 0; index < 20; index++) {
      client.client.send(String(index));
      if (index % 2 === 0) client.client.send('and');
      expect(await client.next()).to.equal(String(index));
      if (index % 2 === 0) expect(await client.next()).to.equal('and');
      await new Promise((resolve) => setTimeout(resolve, (index % 5) * 20));
    }
    expect((await client.close(1000)).code).to.equal(1000);
  });

  it('ends a handler that only sends when its client closes or leaves, and the log says nothing', async () => {
    const log = await captureLog(async () => {
      for (const leave of [
        (client: WebSocketClient) => client.close(1000),
        (client: WebSocketClient) => client.client.terminate(),
      ]) {
        const client = await WebSocketClient.connect(port, { path: '/ticks' });
        expect(await client.next()).to.equal('tick');
        await leave(client);
      }
      // All of them are done.
      await closeServers();
    });
    expect(log).to.equal('');
  });

  it('are the same over a WebSocket of middleware: messages in order, and a handler that only sends ends', async () => {
    const middleware: Application = (environ, start_response) => {
      const socket = environ['wsgi.websocket'];
      if (socket !== undefined) Object.assign(environ, { 'wsgi.websocket': wrapped(socket) });
      return app()(environ, start_response);
    };
    const server = await serveApp(middleware, { timeout: 0, gracefulTimeout: 20 });
    const echo = await WebSocketClient.connect(server.serverPort, { path: '/echo' });
    const sent = Array.from({ length: 50 }, (_, index) => `${index}`);
    for (const message of sent) echo.client.send(message);
    for (const message of sent) expect(await echo.next()).to.equal(message);
    await echo.close();
    const log = await captureLog(async () => {
      const ticks = await WebSocketClient.connect(server.serverPort, { path: '/ticks' });
      expect(await ticks.next()).to.equal('tick');
      ticks.client.terminate();
      await closeServers();
    });
    expect(log).to.equal('');
  });
}

/** Where WebSockets and pages see the same memory. */
export function sharesMemory(app: () => PythonApplication): void {
  let page: (path: string) => Promise<string>;
  let port: number;
  beforeEach(async () => {
    const { serverPort, address } = await serveApp(app(), { timeout: 0, gracefulTimeout: 20 });
    port = serverPort;
    page = async (path) => (await fetch(address + path)).text();
    await page('/forget');
  });
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  /** @returns a client that does not read, when the handler waits for it, and how many messages of 64 KiB that had sent. */
  async function slowClient(path: string): Promise<readonly [WebSocketClient, sent: number]> {
    const client = await WebSocketClient.connect(port, { path });
    client.client.pause();
    client.client.send('begin');
    let before = '';
    let same = 0;
    await until(async () => {
      const now = await page('/seen');
      same = now !== '' && now === before ? same + 1 : 0;
      before = now;
      return same > 20;
    }, 'the handler to wait');
    return [client, Number(before)];
  }

  it('makes a handler wait for a client that does not read, and tells it that the client has left', async () => {
    const [client, sent] = await slowClient('/floods');
    // What the kernel and the window take.
    expect(sent).to.be.lessThan(400);
    client.client.terminate();
    await until(async () => (await page('/seen')).includes('True'), 'the handler to end');
    expect(await page('/seen')).to.match(/^(?:Connection is already closed|Socket is dead), True$/);
  });

  it('ends the wait of a thread that sends when the handler has returned, and pages are answered after it', async () => {
    await slowClient('/left');
    await page('/go');
    await until(
      async () => (await page('/seen')) === 'Connection is already closed, True',
      'the thread to end',
    );
    // One for each thread of Python, and some more.
    const pages = await Promise.all(Array.from({ length: 12 }, () => page('/seen')));
    expect(new Set(pages)).to.deep.equal(new Set(['Connection is already closed, True']));
  });

  it('gives no message after the server has begun to stop, and lets the one in work be answered', async () => {
    const client = await WebSocketClient.connect(port, { path: '/holds' });
    for (const text of ['one', 'two', 'three']) client.client.send(text);
    await until(async () => (await page('/seen')) === 'one', 'the first message');
    const stopped = closeServers();
    await until(async () => !(await page('/seen').catch(() => '')).includes('one'), 'no more requests');
    const again = await serveApp(app(), { timeout: 0 });
    await fetch(`${again.address}/go`);
    expect(await client.next()).to.equal('one');
    expect((await client.closed).code).to.equal(1001);
    await stopped;
    expect(await (await fetch(`${again.address}/seen`)).text()).to.equal('one,go,end');
  });
}
