/** WebSockets of Python that go on for long (applications/messages.py): what the specs of both runtimes ask. */
import { once } from 'node:events';
import { expect } from 'chai';
import type { PythonApplication } from '../../lib/python/from-python.js';
import { captureLog, closeServers, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';
import { closeClients, WebSocketClient } from '../support/web-socket-client.js';

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

  it('makes a handler wait for a client that does not read, and tells it that the client has left', async () => {
    const client = await WebSocketClient.connect(port, { path: '/floods' });
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
    // What the kernel and the window take: 64 KiB each.
    expect(Number(before)).to.be.lessThan(400);
    client.client.terminate();
    await until(async () => (await page('/seen')).includes('True'), 'the handler to end');
    expect(await page('/seen')).to.match(/^(?:Connection is already closed|Socket is dead), True$/);
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
