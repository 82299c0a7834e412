/** What the log says when all threads are busy. */
import { expect } from 'chai';
import sinon from 'sinon';
import { logger } from '../../../lib/logger.js';
import { until } from '../../support/until.js';
import { closeClients, WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

describe('the log, when all threads are busy', () => {
  let threads: Threads;
  let lines: string[];

  beforeEach(() => {
    lines = [];
    sinon.replace(logger, 'stream', { write: (text: string) => lines.push(text) });
  });

  afterEach(async () => {
    closeClients();
    await threads.stop();
    sinon.restore();
  });

  const told = (pattern: RegExp) => lines.filter((line) => pattern.test(line));

  it('tells once how many requests wait and since when, and once that it is over', async () => {
    threads = await Threads.start();
    const busy = [threads.text('/gate?a'), threads.text('/gate?b')];
    await threads.wrote('gate a');
    await threads.wrote('gate b');
    const before = Date.now();
    const waiting = [threads.text('/hello'), threads.text('/hello'), threads.text('/hello')];
    await until(() => told(/busy/).length > 0, 'a line');
    const [, since = ''] = /threads are busy: 3 requests wait since (\S+)\. /.exec(lines.join('')) ?? [];
    expect(Date.parse(since)).to.be.within(before, Date.now() - 1000);
    // Another one in the same episode.
    waiting.push(threads.text('/hello'));
    await until(() => threads.sockets.size >= 6, 'a connection');
    threads.open('a');
    threads.open('b');
    await Promise.all([...busy, ...waiting]);
    await until(() => told(/any more/).length > 0, 'the end');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^WARNING:wsgi:All 2 threads are busy: 3 requests wait since /);
    expect(lines[1]).to.match(/^WARNING:wsgi:No request waits for a thread any more, after \d+\.\d s\n$/);
  });

  it('says that WebSockets have them', async () => {
    threads = await Threads.start();
    const clients: WebSocketClient[] = [];
    for (let i = 0; i < 2; i++) {
      clients.push(await WebSocketClient.connect(threads.port, { path: '/ws-echo' }));
    }
    const waiting = threads.text('/hello');
    await until(() => told(/busy/).length > 0, 'a line');
    expect(lines[0]).to.include('All 2 threads are busy (2 with an open WebSocket): 1 request waits since');
    clients[0]?.client.close();
    expect(await waiting).to.equal('hello');
    await until(() => told(/any more/).length > 0, 'the end');
    expect(lines).to.have.length(2);
  });
});
