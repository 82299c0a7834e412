/** Servers in processes of their own, one of them with workers and threads, over a real Redis. */
import { expect } from 'chai';
import type { ServerStatus } from '../../../lib/server/status/server-status.js';
import { killCommands } from '../../support/command.js';
import { requireProgram } from '../../support/program.js';
import { killRedis, RedisServer } from '../../support/redis.js';
import { removeTemporaryFolders } from '../../support/temporary-folder.js';
import { TLS } from '../../support/tls.js';
import { until } from '../../support/until.js';
import { closeClients } from '../../support/web-socket-client.js';
import { closeReaders, EventReader, MemberClient, post } from '../topics/members.js';
import { inProcess, inTwoWorkers, type ProcessPlace } from '../topics/places.js';
import { closePeers, Peer } from './peer.js';

const STATUS = { statusPath: '/-/status' };

async function statusOf({ port }: ProcessPlace): Promise<ServerStatus['channels']> {
  const response = await fetch(`http://127.0.0.1:${port}/-/status`, { headers: { Connection: 'close' } });
  return ((await response.json()) as ServerStatus).channels;
}

const logged = ({ command }: ProcessPlace, pattern: RegExp) => command.stderr.match(pattern)?.length ?? 0;

async function endAll(): Promise<void> {
  await killCommands();
  await killRedis();
  removeTemporaryFolders();
}

describe('servers over Redis', function () {
  this.timeout(90_000);
  let redis: RedisServer;
  let alone: ProcessPlace;
  let crew: ProcessPlace;

  before(async function () {
    requireProgram('redis-server', this);
    redis = await RedisServer.start();
    const channels = redis.url();
    const options = { channels, ...STATUS };
    [alone, crew] = await Promise.all([inProcess(options), inTwoWorkers({ threads: 4, ...options })]);
  });
  afterEach(() => {
    closeClients();
    closeReaders();
  });
  after(endAll);

  const subscriptions = async (topic: string) => {
    const [, count] = (await redis.command('PUBSUB', 'NUMSUB', `wsgi:0:${topic}`)) as [string, number];
    return count;
  };
  const bothCarry = (topic: string) =>
    until(async () => (await subscriptions(topic)) === 2, `carrying ${topic}`);

  /** Two members in the first server, three in the workers of the second. */
  async function members(topic: string): Promise<MemberClient[]> {
    const ports = [alone.port, alone.port, crew.port, crew.port, crew.port];
    const all = await Promise.all(ports.map((port) => MemberClient.join(port, topic)));
    await bothCarry(topic);
    return all;
  }

  it('bring a message to every member once, wherever it was published', async () => {
    const all = await members('room');
    for (const { port } of [alone, crew, crew]) {
      await post(port, 'room', `from ${port}`);
      for (const member of all) expect(await member.next()).to.equal(`from ${port}`);
    }
    await post(alone.port, 'room', '0x00ff');
    for (const member of all) expect(await member.next()).to.deep.equal(Buffer.from([0, 255]));
    for (const one of [all[0], all[2]]) {
      await one?.ask('others room not to myself');
      for (const other of all) if (other !== one) expect(await other.next()).to.equal('not to myself');
    }
    // Nobody had anything twice, or of its own.
    await post(alone.port, 'room', 'last');
    for (const member of all) expect(await member.next()).to.equal('last');
  });

  it('keep the order of a publisher', async () => {
    const reader = new EventReader(crew.port, '/events?flood');
    expect(await reader.line()).to.equal('begun');
    await until(async () => (await subscriptions('flood')) === 1);
    const publisher = await MemberClient.connect(alone.port);
    await publisher.ask('flood flood 2000 20');
    for (let i = 0; i < 2000; i++) expect(await reader.line()).to.equal(`${i} `.padEnd(20, '.'));
  });

  it('bring to prefixes what other servers publish', async () => {
    const readers = [alone, crew].map(({ port }) => new EventReader(port, '/events?chat*'));
    for (const reader of readers) expect(await reader.line()).to.equal('begun');
    // Equal patterns of several count as one in NUMPAT.
    await until(async () => String(await redis.command('CLIENT', 'LIST')).split(' psub=1 ').length === 3);
    await post(crew.port, 'chat:1', 'one');
    await post(alone.port, 'chat:2', 'two');
    for (const reader of readers) {
      expect([await reader.line(), await reader.line()].sort()).to.deep.equal(['one', 'two']);
    }
  });

  it('have one connection that subscribes, and one that publishes, whatever workers they have', async () => {
    await members('count');
    expect(await redis.connections()).to.deep.equal({ subscribed: 2, others: 2 });
  });

  it('leave nothing in Redis when nobody is left', async () => {
    await members('left');
    closeClients();
    await until(async () => (await subscriptions('left')) === 0);
    expect(await subscriptions('left')).to.equal(0);
  });

  it('go on by themselves while Redis is gone, say so, and are joined again', async () => {
    const [one, two, three] = (await members('lonely')) as [MemberClient, MemberClient, MemberClient];
    const before = await Promise.all([statusOf(alone), statusOf(crew)]);
    for (const { connected, topics } of before)
      expect({ connected, topics }).to.deep.equal({ connected: 1, topics: 1 });
    await redis.kill();
    const gone =
      / WARNING:wsgi:Redis at unix:.* is gone \(.*\): topics stay within this server until it is back$/gm;
    await until(() => logged(alone, gone) === 1 && logged(crew, gone) === 1);
    expect((await statusOf(alone)).connected).to.equal(0);
    expect((await statusOf(crew)).connected).to.equal(0);
    await post(alone.port, 'lonely', 'of alone');
    await post(crew.port, 'lonely', 'of the crew');
    expect([await one.next(), await two.next()]).to.deep.equal(['of alone', 'of alone']);
    expect(await three.next()).to.equal('of the crew');
    const { dropped, lost } = await statusOf(crew);
    expect({ dropped, lost }).to.deep.equal({ dropped: 1, lost: 1 });

    await redis.start();
    const back =
      / INFO:wsgi:Redis at unix:.* is back after \d+ s: topics reach other servers again, and 1 message was not/g;
    await until(() => logged(alone, back) === 1 && logged(crew, back) === 1);
    await bothCarry('lonely');
    await post(alone.port, 'lonely', 'joined');
    for (const member of [one, two, three]) expect(await member.next()).to.equal('joined');
    const page = await fetch(`http://127.0.0.1:${crew.port}/-/status?format=prometheus`);
    const numbers = await page.text();
    expect(numbers)
      .to.match(/^wsgi_channels_connected 1$/m)
      .and.match(/^wsgi_channels_lost_connections_total 1$/m);
    expect(logged(crew, /Redis/g)).to.equal(2);
  });

  it('hear other programs, which write what the page says', async () => {
    const reader = new EventReader(crew.port, '/events?jobs');
    expect(await reader.line()).to.equal('begun');
    await until(async () => (await subscriptions('jobs')) === 1);
    for (let n = 1; n <= 2; n++) {
      await redis.command(
        'PUBLISH',
        'wsgi:0:jobs',
        `{"v":1,"from":"cron","n":${n},"topic":"jobs","type":"text"}\ndone ${n}`,
      );
      await redis.command('PUBLISH', 'wsgi:0:jobs', 'whatever');
    }
    expect([await reader.line(), await reader.line()]).to.deep.equal(['done 1', 'done 2']);
    await until(() => logged(crew, /A message of another server was dropped/g) === 1);
  });
});

describe('a server and its Redis', function () {
  this.timeout(90_000);

  before(function () {
    requireProgram('redis-server', this);
  });
  afterEach(async () => {
    await closePeers();
    await endAll();
  });

  it('speak TLS (rediss://)', async () => {
    const [cert, key] = [TLS.certfile, TLS.keyfile];
    const words = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'];
    const redis = await RedisServer.onPort('--tls-port', words, 'secret');
    const channels = `rediss://default:secret@localhost:${redis.port}`;
    const trusting = await inProcess({ channels, ...STATUS }, { NODE_EXTRA_CA_CERTS: cert });
    expect((await statusOf(trusting)).connected).to.equal(1);
    const wary = await Peer.at(channels);
    expect(wary.connected).to.equal(false);
    expect(wary.logged.join()).to.match(/Redis at localhost:\d+ cannot be reached \(.*self.signed.*\)/);
    expect(trusting.command.stderr + wary.logged.join()).not.to.include('secret');
  });

  it('begin without each other, and end without', async () => {
    const redis = new RedisServer();
    const early = await inProcess({ channels: redis.url(), ...STATUS });
    expect(early.command.stderr).to.match(/cannot be reached/);
    expect((await statusOf(early)).connected).to.equal(0);
    await redis.start();
    await until(async () => (await statusOf(early)).connected === 1);
    redis.freeze();
    early.command.child.kill('SIGTERM');
    expect(await early.command.exit()).to.equal(0);
  });

  it('part in order: what was published last has gone before the server ends', async () => {
    const redis = await RedisServer.start();
    const [one, other] = [await inProcess({ channels: redis.url() }), await Peer.at(redis.url())];
    other.channels.subscribe('end');
    await until(async () => (await redis.connections()).subscribed === 1);
    await post(one.port, 'end', 'the last word');
    one.command.child.kill('SIGTERM');
    expect(await one.command.exit()).to.equal(0);
    await other.gets('end the last word');
  });
});
