/** Subscribers that read too slowly, or leave again: they hold up nobody, and nothing of them stays. */
import { expect } from 'chai';
import { publish } from '../../../lib/index.js';
import { topics } from '../../../lib/topics.js';
import { collectGarbage } from '../../support/garbage.js';
import { captureLog, closeServers, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';
import { closeClients } from '../../support/web-socket-client.js';
import { MemberClient } from './members.js';
import { inThreads, onEventLoop, type Place } from './places.js';
import { app } from './site.js';

const MODES: Readonly<Record<string, () => Promise<Place>>> = {
  'the event loop': onEventLoop,
  threads: () => inThreads({ threads: 3 }),
};

const MEBIBYTE = 1024 ** 2;
const MESSAGES = 10_000;

for (const [name, start] of Object.entries(MODES)) {
  describe(`a subscriber that never reads: ${name}`, function () {
    this.timeout(120_000);
    let place: Place;
    before(async () => {
      place = await start();
    });
    after(async () => {
      closeClients();
      await place.stop();
    });

    it('is closed with 1013, is in the log once, and holds up nobody; memory is bounded', async () => {
      const [slow, reader, publisher] = await Promise.all([
        MemberClient.join(place.port, 'room'),
        MemberClient.join(place.port, 'room'),
        MemberClient.connect(place.port),
      ]);
      slow.client.pause();
      await collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      const log = await captureLog(async () => {
        publisher.client.send(`flood room ${MESSAGES} 10240`);
        for (let i = 0; i < MESSAGES; i++) {
          const message = String(await reader.next());
          if (message.length !== 10_240 || !message.startsWith(`${i} `)) throw new Error(`${i} is missing`);
        }
        expect(await publisher.next()).to.match(/^done flood/);
      });
      // V8 frees buffers in the background, after a collection.
      await until(() => {
        collectGarbage();
        return process.memoryUsage().arrayBuffers - before < 40 * MEBIBYTE;
      }, 'less memory than 40 MiB');
      expect(log.match(/reads too slowly/g)).to.have.length(1);
      expect(log).to.include("A WebSocket that has subscribed to 'room' reads too slowly");
      // It has what was sent before, and is then told.
      slow.client.resume();
      expect(await slow.closed).to.deep.equal({ code: 1013, reason: 'Reads too slowly' });
    });
  });
}

describe('a subscriber that reads slowly', () => {
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  it('has all messages in order, those of its handler among them, if no more wait than may', async () => {
    const server = await serveApp(app);
    const slow = await MemberClient.join(server.serverPort, 'room');
    slow.client.pause();
    const text = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 150; i++) await publish('room', `${i} ${text}`);
    slow.client.send('whoami');
    await until(() => server.running.webSockets === 1);
    for (let i = 150; i < 200; i++) await publish('room', `${i} ${text}`);
    slow.client.resume();
    const got: string[] = [];
    while (got.length < 201) got.push(String(await slow.next()).split(' ', 1)[0] ?? '');
    expect(got.filter((one) => one !== 'done')).to.deep.equal(Array.from({ length: 200 }, (_, i) => `${i}`));
    expect(got).to.include('done');
  });

  it('gets what was published before its handler closes', async () => {
    const server = await serveApp(async (environ) => {
      const websocket = environ['wsgi.websocket'];
      websocket?.subscribe('room');
      await websocket?.send('joined');
      await websocket?.receive();
      return [];
    });
    const slow = await MemberClient.connect(server.serverPort);
    expect(await slow.next()).to.equal('joined');
    slow.client.pause();
    const text = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 150; i++) await publish('room', `${i} ${text}`);
    slow.client.send('leave');
    await until(() => topics.names.length === 0);
    slow.client.resume();
    for (let i = 0; i < 150; i++) expect(String(await slow.next())).to.match(new RegExp(`^${i} `));
    expect((await slow.closed).code).to.equal(1000);
  });
});

describe('a subscriber that keeps its compression context', function () {
  this.timeout(60_000);
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  async function join(): Promise<MemberClient> {
    const server = await serveApp(app, { serverNoContextTakeover: false, maxBacklog: 2 * MEBIBYTE });
    const member = await MemberClient.connect(server.serverPort, { perMessageDeflate: true });
    await member.ask('join room');
    return member;
  }

  it('is closed when too many messages wait, however small they are', async () => {
    const member = await join();
    const log = await captureLog(async () => {
      // 200 KB: each counts 256 bytes more.
      for (let i = 0; i < 20_000; i++) void publish('room', `${i}`.padEnd(10));
      expect((await member.closed).code).to.equal(1013);
    });
    expect(log.match(/reads too slowly/g)).to.have.length(1);
    expect(topics.behind.size).to.equal(0);
  });

  it('gets all of them in order if the publisher waits, for that includes their compression', async () => {
    const member = await join();
    const published = (async () => {
      for (let i = 0; i < 10_000; i++) await publish('room', `${i}`.padEnd(10));
    })();
    for (let i = 0; i < 10_000; i++) expect(await member.next()).to.equal(`${i}`.padEnd(10));
    await published;
    expect(topics.behind.size).to.equal(0);
  });

  it('gets what waits before what its handler sends then', async () => {
    const member = await join();
    for (let i = 0; i < 1000; i++) void publish('room', `${i}`);
    member.client.send('whoami');
    const got: string[] = [];
    while (got.length < 1000) {
      const message = String(await member.next());
      if (/^\d+$/.test(message)) got.push(message);
    }
    expect(got).to.deep.equal(Array.from({ length: 1000 }, (_, i) => `${i}`));
  });
});

describe('a subscriber that joins and leaves', () => {
  afterEach(async () => {
    closeClients();
    await closeServers();
  });

  it('leaves nothing behind, however often', async () => {
    const server = await serveApp(app);
    const member = await MemberClient.connect(server.serverPort);
    await member.ask('churn 1000');
    await collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 20; i++) await member.ask('churn 1000');
    await collectGarbage();
    expect(topics.names).to.deep.equal([]);
    expect(process.memoryUsage().heapUsed - before).to.be.below(MEBIBYTE);
  });

  it('is no member any more once its connection is closed', async () => {
    const server = await serveApp(app);
    const members = await Promise.all([1, 2, 3].map(() => MemberClient.join(server.serverPort, 'a', 'b*')));
    expect(topics.names).to.deep.equal(['a', 'b*']);
    for (const member of members) member.client.terminate();
    await until(() => topics.names.length === 0);
  });
});
