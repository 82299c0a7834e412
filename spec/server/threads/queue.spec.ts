/** Requests that wait for a thread. */
import { once } from 'node:events';
import { expect } from 'chai';
import { Peer, request } from '../../support/peer.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

describe('requests that wait for a thread', () => {
  let threads: Threads;
  afterEach(async () => {
    closeClients();
    await threads.stop();
  });

  async function occupy(): Promise<Promise<string>[]> {
    const busy = [threads.text('/gate?a'), threads.text('/gate?b')];
    await threads.wrote('gate a');
    await threads.wrote('gate b');
    return busy;
  }

  it('are served in their order, also those beyond the slots of the queue', async () => {
    threads = await Threads.start({ threads: 1 });
    const first = threads.text('/gate?a');
    await threads.wrote('gate a');
    const came: number[] = [];
    threads.server.http.on('request', ({ url = '' }) => came.push(Number(/\d+$/.exec(url)?.[0] ?? -1)));
    const rest: Promise<string>[] = [];
    for (let i = 0; i < 150; i++) {
      rest.push(threads.text(`/gate?n${i}`));
      threads.open(`n${i}`);
      if (i % 10 === 0) await until(() => threads.sockets.size >= i, 'connections');
    }
    await until(() => came.length === 150, 'requests');
    threads.open('a');
    await Promise.all([first, ...rest]);
    const seen = threads.record.map((line) => Number(/\d+$/.exec(line)?.[0] ?? -1));
    // Connections may be accepted in another order than they were asked for; served they are as they came.
    expect(seen).to.deep.equal([-1, ...came]);
  });

  it('are refused with 503 beyond the limit, WebSockets too, and told when to come again', async () => {
    threads = await Threads.start({ backlogRequests: 1 });
    const busy = await occupy();
    const waiting = threads.text('/hello');
    await until(() => threads.sockets.size >= 3, 'a third connection');
    const refused = await threads.fetch('/hello');
    expect(refused.status).to.equal(503);
    expect(refused.headers.get('retry-after')).to.equal('1');
    expect(await refused.text()).to.match(/busy/);
    const client = new WebSocketClient(threads.port, { path: '/ws-echo' });
    const [, response] = (await once(client.client, 'unexpected-response')) as [
      unknown,
      { statusCode: number },
    ];
    expect(response.statusCode).to.equal(503);
    threads.open('a');
    threads.open('b');
    expect(await Promise.all([...busy, waiting])).to.deep.equal(['gate a', 'gate b', 'hello']);
    expect(await threads.text('/hello')).to.equal('hello');
  });

  it('may be WebSockets', async () => {
    threads = await Threads.start();
    const busy = await occupy();
    const client = new WebSocketClient(threads.port, { path: '/ws-echo' });
    client.client.on('open', () => client.client.send('hi'));
    threads.open('a');
    expect(await client.next()).to.equal('hi');
    threads.open('b');
    await Promise.all(busy);
  });

  it('are dropped if their clients leave, and never reach the application', async () => {
    threads = await Threads.start();
    const busy = await occupy();
    const peers = await Promise.all(Array.from({ length: 100 }, () => Peer.connect(threads.port)));
    for (const [i, peer] of peers.entries()) void peer.send(request(`/gate?left${i}`));
    await until(() => threads.sockets.size === 102, 'connections');
    for (const peer of peers) peer.destroy();
    await until(() => threads.sockets.size === 2, 'that they left');
    threads.open('a');
    threads.open('b');
    await Promise.all(busy);
    expect(await threads.text('/hello')).to.equal('hello');
    expect(threads.record).to.have.members(['gate a', 'gate b']);
  });

  it('are not held up by slow ones while a thread is free', async () => {
    threads = await Threads.start({ threads: 3 });
    const busy = await occupy();
    for (let i = 0; i < 50; i++) expect(await threads.text('/hello')).to.equal('hello');
    threads.open('a');
    threads.open('b');
    await Promise.all(busy);
  });
});
