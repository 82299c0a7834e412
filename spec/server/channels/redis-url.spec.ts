/** The URL of a Redis, and how it is shown. */
import { expect } from 'chai';
import { maskUrl, parseRedisUrl } from '../../../lib/server/channels/redis-url.js';

const PLAIN = { username: undefined, password: undefined, database: 0, prefix: 'wsgi:0:' };

describe('the URL of a Redis', () => {
  for (const [url, expected] of [
    ['redis://', { socket: { host: '127.0.0.1', port: 6379, tls: false }, name: '127.0.0.1:6379' }],
    ['redis://cache', { socket: { host: 'cache', port: 6379, tls: false }, name: 'cache:6379' }],
    ['redis://[::1]:7000/', { socket: { host: '::1', port: 7000, tls: false }, name: '[::1]:7000' }],
    [
      'rediss://cache.example:6380',
      { socket: { host: 'cache.example', port: 6380, tls: true }, name: 'cache.example:6380' },
    ],
    ['REDIS://cache', { socket: { host: 'cache', port: 6379, tls: false }, name: 'cache:6379' }],
    [
      'redis://joe:p%40ss%2F%23@cache:1/3',
      {
        socket: { host: 'cache', port: 1, tls: false },
        username: 'joe',
        password: 'p@ss/#',
        database: 3,
        prefix: 'wsgi:3:',
        name: 'cache:1',
      },
    ],
    [
      'redis://:secret@cache',
      { socket: { host: 'cache', port: 6379, tls: false }, password: 'secret', name: 'cache:6379' },
    ],
    [
      'redis://cache/2?prefix=chat%3A',
      { socket: { host: 'cache', port: 6379, tls: false }, database: 2, prefix: 'chat:', name: 'cache:6379' },
    ],
    ['redis+unix:///run/redis.sock', { socket: { path: '/run/redis.sock' }, name: 'unix:/run/redis.sock' }],
    [
      'redis+unix://joe:secret@/run/my%20redis.sock?db=4',
      {
        socket: { path: '/run/my redis.sock' },
        username: 'joe',
        password: 'secret',
        database: 4,
        prefix: 'wsgi:4:',
        name: 'unix:/run/my redis.sock',
      },
    ],
  ] as const) {
    it(`takes ${url}`, () => {
      expect(parseRedisUrl(url)).to.deep.equal({ ...PLAIN, ...expected });
    });
  }

  for (const [url, why] of [
    ['redis:cache', 'not a URL'],
    ['redis://cache:port', 'not a URL'],
    ['redis://:a/b@cache', 'not a URL; in a password write %40 for @, %2F for /'],
    ['redis://:a#b@cache', 'not a URL; in a password write %40 for @, %2F for /, %23 for #'],
    ['redis://cache#1', 'it has a #'],
    ['redis://:100%@cache', 'write %25'],
    ['redis://cache/one', 'number of a database'],
    ['redis://cache/0/1', 'number of a database'],
    ['redis://cache/-1', 'number of a database'],
    ['redis://cache?db=1', "parameter 'db', and only prefix is known"],
    ['redis+unix:///run/redis.sock?db=one', 'db must be a number'],
    ['redis+unix://run/redis.sock', 'absolute path'],
    ['redis+unix:///', 'absolute path'],
  ] as const) {
    it(`says what is wrong with ${url}`, () => {
      expect(parseRedisUrl(url)).to.be.a('string').that.includes(why);
    });
  }

  for (const other of ['nats://cache', 'cache:6379', '', 'rediss', '/run/redis.sock']) {
    it(`leaves ${JSON.stringify(other)} to others`, () => {
      expect(parseRedisUrl(other)).to.equal(undefined);
    });
  }
});

describe('the URL of a Redis, shown', () => {
  for (const [url, shown] of [
    ['redis://cache:6379/0', 'redis://cache:6379/0'],
    ['redis://:secret@cache/2?prefix=chat:', 'redis://***@cache/2?prefix=chat:'],
    ['redis://joe:sec@ret@cache', 'redis://***@cache'],
    ['redis://joe:sec/ret#1@cache', 'redis://***@cache'],
    ['redis:joe:secret@cache', '***@cache'],
    ['joe:secret@cache', '***@cache'],
    ['redis://cache?password=secret&db=1&token=secret', 'redis://cache?…&db=1&…'],
    ['redis+unix://joe:secret@/run/redis.sock?db=1', 'redis+unix://***@/run/redis.sock?db=1'],
  ] as const) {
    it(`is ${shown}`, () => {
      expect(maskUrl(url)).to.equal(shown);
    });
  }
});
