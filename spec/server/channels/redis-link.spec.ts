/** A connection to Redis, with clients that a spec answers for. */
import { expect } from 'chai';
import type { RedisClient, RedisListener } from '../../../lib/server/channels/redis-client.js';
import { RedisLink } from '../../../lib/server/channels/redis-link.js';
import { until } from '../../support/until.js';

const ADDRESS = {
  socket: { host: '127.0.0.1', port: 1, tls: false },
  username: undefined,
  password: undefined,
  database: 0,
  prefix: '',
  name: 'redis',
};
const TIMES = { connect: 60_000, ping: 5, close: 10, retry: 10 };
const NEVER = new Promise<never>(() => {});

/** A link of two clients; `also` is what these do otherwise. */
function linked(also: Partial<RedisClient> = {}) {
  const seen = { pings: 0, destroyed: 0, listeners: [] as RedisListener[], lost: [] as unknown[], got: 0 };
  const client: RedisClient = {
    on: () => {},
    unref: () => {},
    connect: async () => {},
    sendCommand: async () => {
      seen.pings++;
    },
    subscribe: async (_channel, listener) => void seen.listeners.push(listener),
    unsubscribe: async () => {},
    pSubscribe: async () => {},
    pUnsubscribe: async () => {},
    destroy: () => void seen.destroyed++,
    ...also,
  };
  const link = new RedisLink(() => ({ ...client }), ADDRESS, new Set(['news']), TIMES, {
    message: () => void seen.got++,
    refused: () => {},
    unanswered: () => {},
    lost: (error) => void seen.lost.push(error),
  });
  return { link, seen };
}

describe('a connection to Redis', () => {
  it('is kept as long as its pings are answered, by an error as well', async () => {
    let pings = 0;
    const sendCommand = () => {
      pings++;
      return Promise.reject(new Error('NOPERM this user has no permissions to run the ping command'));
    };
    const { link, seen } = linked({ sendCommand });
    await link.connect();
    await until(() => pings > 20);
    expect(seen.lost).to.deep.equal([]);
    link.destroy();
    expect(seen.lost).to.have.length(1);
    expect(seen.destroyed).to.equal(2);
  });

  it('is lost, once, when nothing answers', async () => {
    let greeted = 0;
    const { link, seen } = linked({ sendCommand: () => (greeted++ < 2 ? Promise.resolve() : NEVER) });
    await link.connect();
    await until(() => seen.lost.length > 0);
    expect(greeted).to.equal(2 + 2 * 2);
    expect(String(seen.lost)).to.equal('Error: no answer');
    expect(seen.destroyed).to.equal(2);
    link.destroy();
    expect(seen.lost).to.have.length(1);
  });

  it('brings nothing any more when it is lost', async () => {
    const { link, seen } = linked();
    await link.connect();
    const [listener] = seen.listeners;
    listener?.(Buffer.from('one'), Buffer.from('news'));
    link.destroy();
    listener?.(Buffer.from('two'), Buffer.from('news'));
    expect(seen.got).to.equal(1);
  });

  it('is none where Redis is not ready', async () => {
    const { link, seen } = linked({
      sendCommand: () => Promise.reject(new Error('LOADING Redis is loading')),
    });
    const [result] = await Promise.allSettled([link.connect()]);
    expect(result).to.have.nested.property('reason.message', 'LOADING Redis is loading');
    expect(seen.lost).to.deep.equal([]);
    expect(seen.destroyed).to.equal(2);
  });

  it('is given up while it is made, and its clients are ended', async () => {
    const { link, seen } = linked({ connect: () => NEVER });
    const connecting = link.connect();
    link.destroy();
    const [result] = await Promise.allSettled([connecting]);
    expect(result).to.have.property('status', 'rejected');
    expect(seen.destroyed).to.equal(2);
  });

  it('waits no longer than it may for its last messages', async () => {
    let greeted = 0;
    const { link, seen } = linked({ sendCommand: () => (greeted++ < 2 ? Promise.resolve() : NEVER) });
    await link.connect();
    await link.close();
    expect(seen.destroyed).to.equal(2);
    expect(seen.lost).to.deep.equal([]);
  });
});
