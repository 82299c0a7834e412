/** Redis with passwords, with users who may do little, and over TLS. */
import { expect } from 'chai';
import { requireProgram } from '../../support/program.js';
import { killRedis, RedisServer } from '../../support/redis.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';
import { closePeers, Peer } from './peer.js';

const SECRET = 'p@ss word/#1';

describe('Redis with a password', function () {
  this.timeout(60_000);
  let redis: RedisServer;

  before(async function () {
    requireProgram('redis-server', this);
    redis = await RedisServer.start([], SECRET);
    const rules = ['on', '>only', '+ping', '+publish', '+subscribe', '+unsubscribe', '&wsgi:0:open'];
    await redis.command('ACL', 'SETUSER', 'limited', ...rules);
    await redis.command('ACL', 'SETUSER', 'silent', 'on', '>only', '+publish', '+subscribe', '&*');
  });
  afterEach(closePeers);
  after(async () => {
    await killRedis();
    removeTemporaryFolders();
  });

  const url = (user: string, password: string) =>
    redis.url().replace('//', `//${user}:${encodeURIComponent(password)}@`);

  it('carries topics for who has it', async () => {
    const [from, to] = [await Peer.at(url('', SECRET)), await Peer.at(url('default', SECRET))];
    to.channels.subscribe('news');
    await to.hears(from, 'news');
    expect([...from.logged, ...to.logged]).to.deep.equal([]);
  });

  for (const [what, user, password, answer] of [
    ['a wrong one', '', 'wr0ng-secret', 'WRONGPASS'],
    ['an unknown user', 'nobody', 'wr0ng-secret', 'WRONGPASS'],
  ] as const) {
    it(`says that ${what} is refused, and goes on trying`, async () => {
      const peer = await Peer.at(url(user, password));
      await until(() => peer.failures > 1);
      expect(peer.logged).to.have.length(1);
      expect(peer.logged[0]).to.include('cannot be reached').and.include(answer).and.not.include('secret');
    });
  }

  it('says that it is missing', async () => {
    const peer = await Peer.at(redis.url());
    expect(peer.connected).to.equal(false);
    expect(peer.logged.join('\n')).to.include('cannot be reached (NOAUTH ');
  });

  it('carries the topics that a user may have, and says once which command was refused', async () => {
    const [from, to] = [await Peer.at(url('default', SECRET)), await Peer.at(url('limited', 'only'))];
    for (const topic of ['closed', 'open', 'closed too']) to.channels.subscribe(topic);
    await to.hears(from, 'open');
    for (const topic of ['closed', 'open', 'closed too']) to.channels.publish(topic, 'hello');
    await until(() => to.channels.state().dropped === 2);
    expect(to.connected).to.equal(true);
    expect(to.logged.map((line) => line.replace(/unix:\S+/, 'X').replace(/: NOPERM.*/i, ''))).to.deep.equal([
      "ERROR:wsgi:Redis at X refused SUBSCRIBE for the topic 'closed'",
      "ERROR:wsgi:Redis at X refused PUBLISH for the topic 'closed'",
    ]);
  });

  it('does without PING where a user may not ask', async () => {
    const [from, to] = [await Peer.at(url('default', SECRET)), await Peer.at(url('silent', 'only'))];
    to.channels.subscribe('news');
    await to.hears(from, 'news');
    expect(to.logged).to.deep.equal([]);
  });
});
