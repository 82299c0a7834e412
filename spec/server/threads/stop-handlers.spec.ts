/** What a stop waits for in threads: handlers of WebSockets, and those whose client has left. */
import { expect } from 'chai';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { Peer, request } from '../../support/peer.js';
import { captureLog } from '../../support/serve.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

describe('a handler that blocks, when the server stops', () => {
  let threads: Threads;
  afterEach(async () => {
    closeClients();
    await threads.stop();
  });

  async function open(path: string, options: ServerOptions = {}): Promise<WebSocketClient> {
    threads = await Threads.start({ threads: 1, gracefulTimeout: 60, ...options });
    return WebSocketClient.connect(threads.port, { path });
  }

  it('lets the handler answer the message that it works on, then ends with 1001', async () => {
    const client = await open('/ws-work');
    for (const message of ['in work', 'in the thread', 'x'.repeat(200_000)]) client.client.send(message);
    await threads.wrote('received in work');
    const stopped = threads.server.close();
    client.client.send('too late');
    threads.open('work');
    expect(await client.next()).to.equal('answer to in work');
    expect((await client.closed).code).to.equal(1001);
    await stopped;
    expect(threads.record).to.deep.equal([
      'received in work',
      'closed false 1001',
      'ended true 1001 ',
      'threw',
    ]);
  }).timeout(30_000);

  it('gives null at once to a handler that waits, and waits for what it does then', async () => {
    const client = await open('/ws-save');
    client.client.send('hello');
    expect(await client.next()).to.equal('hello');
    let done = false;
    const stopped = threads.server.close().then(() => {
      done = true;
    });
    expect((await client.closed).code).to.equal(1001);
    await threads.wrote('saving 1001');
    expect(done).to.equal(false);
    threads.open('save');
    await stopped;
    expect(threads.record).to.deep.equal(['saving 1001', 'saved']);
  }).timeout(30_000);

  it('waits for a handler whose peer left before', async () => {
    const client = await open('/ws-save');
    client.client.send('hello');
    await client.next();
    await client.close(4000);
    await threads.wrote('saving 4000');
    const stopped = threads.server.close();
    threads.open('save');
    await stopped;
    expect(threads.record).to.deep.equal(['saving 4000', 'saved']);
  }).timeout(30_000);

  it('ends a handler that never receives again at gracefulTimeout, and says so', async () => {
    const client = await open('/ws-sleep', { gracefulTimeout: 0.2 });
    await threads.wrote('sleeping');
    const log = await captureLog(() => threads.server.close());
    expect((await client.closed).code).to.equal(1006);
    expect(log).to.match(/^WARNING:.* after 0\.2 s \(graceful-timeout\): 1 WebSocket\n$/);
  }).timeout(30_000);

  it('waits for a handler that blocks although its client has left', async () => {
    threads = await Threads.start({ threads: 1, gracefulTimeout: 60 });
    const peer = await Peer.connect(threads.port);
    await peer.send(request('/save'));
    await threads.wrote('begun');
    peer.socket.resetAndDestroy();
    await until(() => threads.sockets.size === 0, 'the end of the connection');
    let done = false;
    const stopped = threads.server.close().then(() => {
      done = true;
    });
    // Longer than a thread that has nothing to do gets to end.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(done).to.equal(false);
    threads.open('save');
    await stopped;
    expect(threads.record).to.deep.equal(['begun', 'saved']);
  }).timeout(30_000);

  it('lets a handler go on that waits on the event loop although its client has left', async () => {
    threads = await Threads.start({ threads: 1, gracefulTimeout: 60 });
    const peer = await Peer.connect(threads.port);
    await peer.send(request('/saves'));
    await threads.wrote('begun');
    peer.socket.resetAndDestroy();
    await threads.wrote('left');
    await threads.server.close();
    expect(threads.record).to.deep.equal(['begun', 'left', 'saved']);
  }).timeout(30_000);
});
