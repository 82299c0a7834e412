/** How a wait in subscribe() ends, on the event loop and in a thread, and that nothing of it is left. */
import { expect } from 'chai';
import { publish, sleep, subscribe } from '../../../lib/index.js';
import type { ServerOptions } from '../../../lib/server/options/options.js';
import { topics } from '../../../lib/topics.js';
import { closeServers } from '../../support/serve.js';
import { until } from '../../support/until.js';
import { closeClients } from '../../support/web-socket-client.js';
import { closeReaders, EventReader, MemberClient, post } from './members.js';
import { inThreads, onEventLoop, type Place } from './places.js';

const MODES: Readonly<Record<string, (options?: ServerOptions) => Promise<Place>>> = {
  'the event loop': onEventLoop,
  'a thread': (options) => inThreads({ threads: 2, ...options }),
};

function unfollowed(): Promise<void> {
  return until(() => topics.names.length === 0, `no members of ${topics.names}`);
}

for (const [name, start] of Object.entries(MODES)) {
  describe(`subscribe(): ${name}`, function () {
    this.timeout(90_000);
    let place: Place;
    let port = 0;

    before(async () => {
      // Less than the waits below, more than a busy machine takes to answer.
      place = await start({ timeout: 1, maxBacklog: 50_000, gracefulTimeout: 20 });
      ({ port } = place);
    });
    afterEach(() => {
      closeClients();
      closeReaders();
    });
    after(() => place.stop());

    it('ends when the client leaves', async () => {
      const reader = new EventReader(port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      expect(topics.names).to.deep.equal(['feed']);
      reader.leave();
      await unfollowed();
    });

    it('ends when the client leaves, also when it began after other work', async () => {
      const reader = new EventReader(port, '/late?feed');
      expect(await reader.line()).to.equal('begun');
      reader.leave();
      await unfollowed();
    });

    it('ends with break', async () => {
      const reader = new EventReader(port, '/poll?feed');
      await until(() => topics.names.includes('feed'));
      await publish('feed', 'first\n');
      expect(await reader.line()).to.equal('first');
      await unfollowed();
    });

    it('is no silence', async () => {
      const reader = new EventReader(port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      // Longer than the time-out, and the quarter after which it is found.
      await sleep(2);
      await publish('feed', 'after a while');
      expect(await reader.line()).to.equal('after a while');
    });

    it('ends, with the response cut, when its client does not read', async () => {
      const reader = new EventReader(port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      reader.pause();
      const text = 'x'.repeat(10_000);
      let ended = false;
      for (let i = 0; i < 5000 && !ended; i++) {
        await publish('feed', text);
        if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        ended = topics.names.length === 0;
      }
      expect(topics.names).to.deep.equal([]);
      reader.leave();
    });

    it('lets a client that reads have all', async () => {
      const reader = new EventReader(port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      const publisher = await MemberClient.connect(port);
      for (let i = 0; i < 300; i++) {
        await publisher.ask(`all feed ${i}`);
        expect(await reader.line()).to.equal(`${i}`);
      }
    });
  });

  describe(`subscribe() when the server stops: ${name}`, function () {
    this.timeout(90_000);

    after(closeServers);

    it('ends, and the response is complete', async () => {
      const place = await start({ gracefulTimeout: 60 });
      const reader = new EventReader(place.port, '/events?feed');
      expect(await reader.line()).to.equal('begun');
      await post(place.port, 'feed', 'one');
      expect(await reader.line()).to.equal('one');
      const stopped = place.stop();
      expect(await reader.line()).to.equal('ended');
      expect(await reader.line()).to.equal(undefined);
      await stopped;
      expect(topics.names).to.deep.equal([]);
    });
  });
}

describe('subscribe()', () => {
  it('is subscribed from the call on', async () => {
    const messages = subscribe('news');
    await publish('news', 'before the first next()');
    await publish('news', Buffer.from('bytes'));
    const got: unknown[] = [];
    for await (const message of messages) if (got.push(message) === 2) break;
    expect(got).to.deep.equal(['before the first next()', Buffer.from('bytes')]);
    expect(topics.names).to.deep.equal([]);
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const messages = subscribe('news', { signal: controller.signal });
    const ended = (async () => {
      for await (const _ of messages) throw new Error('A message came');
    })();
    controller.abort();
    await ended;
    expect(topics.names).to.deep.equal([]);
    for await (const _ of subscribe('news', { signal: AbortSignal.abort() }))
      throw new Error('A message came');
    expect(topics.names).to.deep.equal([]);
  });

  it('ends with close()', async () => {
    const messages = subscribe('news*');
    const next = messages[Symbol.asyncIterator]().next();
    messages.close();
    expect(await next).to.deep.equal({ done: true, value: undefined });
  });

  it('throws when more waits than may, and is ended', async () => {
    const messages = subscribe('news');
    for (let i = 0; i < 20; i++) await publish('news', Buffer.alloc(1024 * 1024));
    const [thrown] = await Promise.allSettled([messages[Symbol.asyncIterator]().next()]);
    expect(thrown).to.have.nested.property('reason.code', 'WSGI_ERR_SLOW_SUBSCRIBER');
    expect(topics.names).to.deep.equal([]);
  });

  it('does not block the event loop', () => {
    const messages = subscribe('news');
    expect(() => [...messages]).to.throw('write `for await`');
    messages.close();
  });

  it('refuses what is no topic, and what is no message', () => {
    for (const topic of ['', 'x'.repeat(1025), '\ud800', 7 as unknown as string]) {
      expect(() => subscribe(topic)).to.throw(TypeError, 'A topic is a string of 1 to 1024 characters');
      expect(() => publish(topic, 'x')).to.throw(TypeError, 'A topic is a string of 1 to 1024 characters');
    }
    expect(() => publish('all*', 'x')).to.throw(TypeError, 'leave out the *');
    expect(() => publish('all', 7 as unknown as string)).to.throw(
      TypeError,
      'publish() takes text or bytes, not 7',
    );
  });
});
