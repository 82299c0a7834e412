/** Topics in every mode: a handler cannot tell where a member is connected. */
import { createServer } from 'node:http';
import { expect } from 'chai';
import { toNodeHandler } from '../../../lib/server/adapters/node/node-handler.js';
import { topics } from '../../../lib/topics.js';
import { closeServers, host, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';
import { closeClients } from '../../support/web-socket-client.js';
import { closeReaders, EventReader, MemberClient, post } from './members.js';
import { inThreads, inTwoWorkers, onEventLoop, type Place } from './places.js';
import { app } from './site.js';

const MODES: Readonly<Record<string, () => Promise<Place>>> = {
  'the event loop': onEventLoop,
  threads: () => inThreads({ threads: 5 }),
  workers: inTwoWorkers,
  'workers with threads': () => inTwoWorkers({ threads: 4 }),
  toNodeHandler: async () => {
    const handler = toNodeHandler(app);
    const server = createServer(handler);
    server.on('upgrade', handler.upgrade);
    const { port, close } = await host(server);
    return {
      port,
      stop: async () => {
        await handler.close();
        await close();
      },
    };
  },
};

for (const [name, start] of Object.entries(MODES)) {
  describe(`topics: ${name}`, function () {
    this.timeout(90_000);
    let mode: Place;
    let port = 0;

    before(async () => {
      mode = await start();
      ({ port } = mode);
    });
    afterEach(() => {
      closeClients();
      closeReaders();
    });
    after(async () => {
      await mode.stop();
      await closeServers();
    });

    it('brings a message to every member, and with publish() of a socket to all but itself', async () => {
      const members = await Promise.all([1, 2, 3, 4].map(() => MemberClient.join(port, 'room')));
      const [first] = members as [MemberClient];
      await first.ask('others room hello');
      await first.ask('others room 0x00ff');
      for (const member of members.slice(1)) {
        expect(await member.next()).to.equal('hello');
        expect(await member.next()).to.deep.equal(Buffer.from([0, 255]));
      }
      expect(await post(port, 'room', 'to all')).to.equal('published');
      for (const member of members) expect(await member.next()).to.equal('to all');
    });

    it('brings it while the handler hangs', async () => {
      const member = await MemberClient.join(port, 'busy');
      member.client.send('hang');
      await post(port, 'busy', 'while it hangs');
      expect(await member.next()).to.equal('while it hangs');
    });

    it('brings a message once, whichever topics and prefixes of a member match', async () => {
      const member = await MemberClient.join(port, 'news', 'news*', 'n*', '*', 'other');
      // One after the other: each may be published in another worker.
      for (const topic of ['news', 'newspaper', 'n', 'sports', 'news']) {
        await post(port, topic, `on ${topic}`);
        expect(await member.next()).to.equal(`on ${topic}`);
      }
    });

    it('brings nothing after unsubscribe()', async () => {
      const member = await MemberClient.join(port, 'left', 'left*', 'stays');
      await member.ask('leave left');
      await post(port, 'left', 'by prefix');
      expect(await member.next()).to.equal('by prefix');
      await member.ask('leave left*');
      await post(port, 'left', 'nobody');
      await post(port, 'stays', 'one');
      expect(await member.next()).to.equal('one');
    });

    it('brings topics and texts of any script', async () => {
      const member = await MemberClient.join(port, 'zürich-東京');
      await post(port, 'zürich-東京', 'grüße 🎉');
      expect(await member.next()).to.equal('grüße 🎉');
    });

    it('keeps the order of a publisher for every member', async () => {
      const members = await Promise.all([1, 2, 3].map(() => MemberClient.join(port, 'order')));
      const publisher = await MemberClient.connect(port);
      publisher.client.send('flood order 1000 100');
      for (const member of members) {
        for (let i = 0; i < 1000; i++) expect(await member.next()).to.match(new RegExp(`^${i} `));
      }
    });

    it('gives events of a topic until the client leaves', async () => {
      const reader = new EventReader(port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      for (const text of ['one', 'two']) {
        await post(port, 'feed', text);
        expect(await reader.line()).to.equal(text);
      }
      reader.leave();
    });

    it('gives one message to long polling, from the call of subscribe() on', async () => {
      const reader = new EventReader(port, '/poll?poll');
      let polled = false;
      const line = reader.line().finally(() => {
        polled = true;
      });
      // It may not have come to its subscribe() yet.
      await until(async () => {
        await post(port, 'poll', 'message\n');
        return polled;
      });
      expect(await line).to.equal('message');
    });
  });
}

describe('topics of a process', () => {
  it('has no members left in it', async () => {
    await until(() => topics.names.length === 0, `no members of ${topics.names}`);
    expect(topics.names).to.deep.equal([]);
  });

  it('are shared by its servers', async () => {
    const [one, other] = await Promise.all([serveApp(app), serveApp(app)]);
    const member = await MemberClient.join(one.serverPort, 'shared');
    await post(other.serverPort, 'shared', 'from the other');
    expect(await member.next()).to.equal('from the other');
    closeClients();
    await closeServers();
  });
});
