/** Topics over a real Redis. */
import { expect } from 'chai';
import { requireProgram } from '../../support/program.js';
import { killRedis, RedisServer } from '../../support/redis.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { closePeers, Peer } from './peer.js';

const GONE =
  /^WARNING:wsgi:Redis at unix:\S+ is gone \(.+\): topics stay within this server until it is back$/;
const BACK = /^INFO:wsgi:Redis at unix:\S+ is back after \d+ s: topics reach other servers again/;

describe('Redis as what carries topics', function () {
  this.timeout(60_000);
  let redis: RedisServer;

  before(async function () {
    requireProgram('redis-server', this);
    redis = await RedisServer.start();
  });
  afterEach(closePeers);
  after(async () => {
    await killRedis();
    removeTemporaryFolders();
  });

  const channels = async () => ((await redis.command('PUBSUB', 'CHANNELS')) as string[]).sort();
  const patterns = async () => Number(await redis.command('PUBSUB', 'NUMPAT'));

  /** Two servers, the second of which has members of `topic`. */
  async function pair(topic: string, probe?: string): Promise<[Peer, Peer]> {
    const [from, to] = [await Peer.at(redis.url()), await Peer.at(redis.url())];
    to.channels.subscribe(topic);
    await to.hears(from, topic, probe);
    return [from, to];
  }

  it('carries text and bytes to another server, as they are', async () => {
    const [from, to] = await pair('news');
    from.channels.publish('news', 'snowman ☃\n"\0');
    from.channels.publish('news', Buffer.from([0, 13, 10, 255]));
    from.channels.publish('news', '');
    from.channels.publish('news', 'last');
    await to.gets('news last');
    expect(to.got).to.deep.equal(['news snowman ☃\n"\0', 'news 000d0aff', 'news ', 'news last']);
  });

  it('keeps the order of one publisher, over all its topics', async () => {
    const [from, to] = await pair('a');
    to.channels.subscribe('b');
    await to.hears(from, 'b');
    const sent = Array.from({ length: 2000 }, (_, i) => `${'ab'[i % 2]} ${i}`);
    for (const line of sent) from.channels.publish(line.slice(0, 1), line.slice(2));
    await to.gets(sent.at(-1) ?? '');
    expect(to.got).to.deep.equal(sent);
  });

  it('brings nothing back to who published it', async () => {
    const [from, to] = await pair('news');
    from.channels.subscribe('news');
    await from.hears(to, 'news');
    from.channels.publish('news', 'of from');
    to.channels.publish('news', 'of to');
    await from.gets('news of to');
    await to.gets('news of from');
    expect([...from.got, ...to.got]).to.deep.equal(['news of to', 'news of from']);
  });

  it('brings a message once, whatever topics and prefixes match it', async () => {
    const [from, to] = await pair('chat:1');
    for (const topic of ['chat:*', 'ch*', '*']) to.channels.subscribe(topic);
    await until(async () => (await patterns()) === 3);
    for (let i = 0; i < 100; i++) from.channels.publish('chat:1', `${i}`);
    from.channels.publish('chat:2', 'of the prefixes alone');
    await to.gets('chat:2 of the prefixes alone');
    expect(to.got.slice(0, 100)).to.deep.equal(Array.from({ length: 100 }, (_, i) => `chat:1 ${i}`));
    expect(to.got.length).to.equal(101);
    // Whatever of them is left matches it, and the last ones still do.
    for (const topic of ['chat:1', 'chat:*', '*']) to.channels.unsubscribe(topic);
    await until(async () => (await patterns()) === 1);
    from.channels.publish('chat:1', 'again');
    await to.gets('chat:1 again');
  });

  for (const prefix of ['a*b', 'a?b', 'a[bc]d', 'a\\b', 'a[^b]', 'a^b-c', '[', '\\', '☃']) {
    it(`takes all characters of the prefix ${prefix}* for themselves`, async () => {
      const [from, to] = await pair(`${prefix}*`, `${prefix}:x`);
      for (const other of ['axb', 'abd', 'aXb', 'ab', 'ac', 'b', 'a'])
        from.channels.publish(`${other}:x`, 'no');
      from.channels.publish(prefix, 'the prefix itself');
      from.channels.publish(`${prefix}*`, 'with a star');
      await to.gets(`${prefix}* with a star`);
      expect(to.got).to.deep.equal([`${prefix} the prefix itself`, `${prefix}* with a star`]);
    });
  }

  it('has one subscription for each topic, and none when nobody is left', async () => {
    const [, to] = await pair('one');
    to.channels.subscribe('two');
    to.channels.subscribe('pre*');
    await until(async () => (await channels()).length === 2 && (await patterns()) === 1);
    expect(await channels()).to.deep.equal(['wsgi:0:one', 'wsgi:0:two']);
    for (const topic of ['one', 'two', 'pre*']) to.channels.unsubscribe(topic);
    await until(async () => (await channels()).length === 0 && (await patterns()) === 0);
    // A connection without subscriptions is looked after as well as one with.
    to.channels.subscribe('one');
    await until(async () => (await channels()).length === 1);
    expect(to.connected).to.equal(true);
  });

  it('ends with what was asked for last, however fast topics come and go', async () => {
    const [from, to] = await pair('calm');
    const calls = async () => {
      const stats = String(await redis.command('INFO', 'commandstats'));
      return Number(/cmdstat_subscribe:calls=(\d+)/.exec(stats)?.[1]);
    };
    const before = await calls();
    for (let i = 0; i < 10_000; i++) {
      to.channels.subscribe('stays');
      to.channels.unsubscribe('stays');
      to.channels.unsubscribe('goes');
      to.channels.subscribe('goes');
    }
    to.channels.subscribe('stays');
    to.channels.unsubscribe('goes');
    await to.hears(from, 'stays');
    await until(async () => (await channels()).join() === 'wsgi:0:calm,wsgi:0:stays');
    expect((await calls()) - before).to.be.below(10);
  });

  it('keeps servers apart whose databases or prefixes differ', async () => {
    const [from, to] = await pair('news');
    const others = [await Peer.at(redis.url('?db=1')), await Peer.at(redis.url('?prefix=site:'))];
    for (const other of others) other.channels.subscribe('news');
    await until(async () => (await channels()).length === 3);
    expect(await channels()).to.deep.equal(['site:news', 'wsgi:0:news', 'wsgi:1:news']);
    for (const other of others) other.channels.publish('news', 'not for you');
    from.channels.publish('news', 'for you');
    await to.gets('news for you');
    expect([to, ...others].map(({ got }) => got)).to.deep.equal([['news for you'], [], []]);
  });

  describe('that is lost', () => {
    it('is connected again, with the topics of before, those that came and without those that went', async () => {
      const [from, to] = await pair('stays');
      to.channels.subscribe('pre*');
      to.channels.subscribe('goes');
      await to.hears(from, 'goes');
      await redis.kill();
      await until(() => !to.connected && !from.connected);
      to.channels.unsubscribe('goes');
      to.channels.subscribe('comes');
      to.channels.subscribe('comes*');
      to.channels.subscribe('in vain');
      to.channels.unsubscribe('in vain');
      await redis.start();
      await until(() => to.connected && from.connected);
      expect(await channels()).to.deep.equal(['wsgi:0:comes', 'wsgi:0:stays']);
      expect(await patterns()).to.equal(2);
      for (const topic of ['goes', 'stays', 'pre:1', 'comes']) from.channels.publish(topic, 'again');
      await to.gets('comes again');
      expect(to.got).to.deep.equal(['stays again', 'pre:1 again', 'comes again']);
    });

    it('is logged when it is gone and when it is back, however long that takes, and counted', async () => {
      const [from, to] = await pair('news');
      await redis.kill();
      await until(() => !from.connected);
      for (let i = 0; i < 3; i++) from.channels.publish('news', 'dropped');
      expect(from.channels.state()).to.deep.equal({ connected: false, lost: 1, dropped: 3 });
      await until(() => from.failures > 2);
      await redis.start();
      await until(() => to.connected && from.connected);
      from.channels.publish('news', 'carried');
      await to.gets('news carried');
      expect(to.got).to.deep.equal(['news carried']);
      expect(from.channels.state()).to.deep.equal({ connected: true, lost: 1, dropped: 3 });
      expect(from.logged).to.have.length(2);
      expect(from.logged[0]).to.match(GONE);
      expect(from.logged[1])
        .to.match(BACK)
        .and.match(/, and 3 messages were not carried$/);
    });

    for (const type of ['pubsub', 'normal']) {
      it(`is connected again when Redis closes the connection of type ${type} alone`, async () => {
        const [from, to] = await pair('news');
        await redis.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
        await until(() => to.channels.state().lost === 1);
        await until(() => to.connected && from.connected);
        await to.hears(from, 'news');
        expect(to.logged).to.have.length(2);
      });
    }

    it('is given up when it answers nothing, and connected again when it answers', async () => {
      const from = await Peer.at(redis.url());
      const to = await Peer.at(redis.url(), { ping: 300, connect: 1000 });
      to.channels.subscribe('news');
      await to.hears(from, 'news');
      redis.freeze();
      for (let i = 0; i < 3; i++) to.channels.publish('news', 'under way');
      await until(() => !to.connected && to.failures > 0);
      expect(to.logged.at(-1)).to.match(GONE).and.include('(no answer)');
      expect(to.channels.state().dropped).to.equal(3);
      redis.thaw();
      await until(() => to.connected);
      await to.hears(from, 'news');
    });

    it('does not keep the messages that come too fast for it', async () => {
      const [from] = await pair('news');
      await redis.command('CLIENT', 'PAUSE', '60000', 'ALL');
      try {
        const message = Buffer.alloc(1024 * 1024);
        for (let i = 0; i < 200; i++) from.channels.publish('news', message);
        const { dropped, connected } = from.channels.state();
        expect(connected).to.equal(true);
        expect(dropped).to.be.within(130, 140);
      } finally {
        await redis.kill();
        await redis.start();
      }
    });
  });

  it('is logged once when it is not there at the start, and connected when it is', async () => {
    await redis.kill();
    const peer = await Peer.at(redis.url());
    expect(peer.connected).to.equal(false);
    peer.channels.subscribe('news');
    await redis.start();
    await until(() => peer.connected);
    expect(await channels()).to.deep.equal(['wsgi:0:news']);
    expect(peer.logged).to.have.length(2);
    expect(peer.logged[0]).to.match(
      /^WARNING:wsgi:Redis at unix:\S+ cannot be reached \(.*(ENOENT|ECONNREFUSED).*\): topics stay/,
    );
    expect(peer.logged[1]).to.match(BACK);
  });

  it('sends what was published before the end, and leaves no connection', async () => {
    const [from, to] = await pair('news');
    from.channels.publish('news', 'the last word');
    await from.close();
    await to.gets('news the last word');
    await to.close();
    await until(async () => {
      const { subscribed, others } = await redis.connections();
      return subscribed + others === 0;
    });
    expect(await redis.connections()).to.deep.equal({ subscribed: 0, others: 0 });
  });

  it('ends at once while it is not connected', async () => {
    await redis.kill();
    const peer = await Peer.at(redis.url());
    await peer.close();
    await redis.start();
    expect(peer.connected).to.equal(false);
    expect(await redis.connections()).to.deep.equal({ subscribed: 0, others: 0 });
  });
});
