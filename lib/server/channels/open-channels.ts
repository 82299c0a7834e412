/** Opens what carries topics between servers, for a server that begins: once in a process, for all that were given the same. */
import { inTime } from '../../environ/maybe-promise.js';
import { ConfigError } from '../../errors.js';
import type { ChannelsStatus } from '../status/server-status.js';
import { type ChannelsFactory, checkBackend } from './backend.js';
import { Carrier } from './carrier.js';
import { parseRedisUrl } from './redis-url.js';

/** Milliseconds that a server waits for Redis before it begins without. */
const START_MS = 2000;

export interface OpenChannels {
  readonly status: ChannelsStatus;
  /** The last of those that opened them closes them. */
  close(): Promise<void>;
}

interface Shared {
  readonly carrier: Promise<Carrier>;
  users: number;
}

const KEY = Symbol.for('wsgi.channels');

const place = globalThis as { [KEY]?: Map<string | ChannelsFactory, Shared> };

place[KEY] ??= new Map();

/**
 * By the value of the option: all servers of a process have the same topics, which two carriers would carry twice. As with
 * the topics, this is also true where the module was loaded twice.
 */
const shared = place[KEY];

/**
 * Topics are carried from now on, or as soon as there is a connection.
 * @param given a checked value of the option `channels`.
 * @throws ConfigError if the client of Redis is missing, or a function gives no backend; what that function throws.
 */
export async function openChannels(given: string | ChannelsFactory): Promise<OpenChannels> {
  const found = shared.get(given) ?? { carrier: open(given), users: 0 };
  shared.set(given, found);
  found.users++;
  let closing: Promise<void> | undefined;
  const close = async () => {
    if (--found.users > 0) return;
    shared.delete(given);
    await (await found.carrier).close();
  };
  let carrier: Carrier;
  try {
    carrier = await found.carrier;
  } catch (error) {
    shared.delete(given);
    throw error;
  }
  return {
    get status() {
      return carrier.status;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function open(given: string | ChannelsFactory): Promise<Carrier> {
  const carrier = new Carrier();
  if (typeof given === 'string') await openRedis(given, carrier);
  else carrier.start(checkBackend(await given(carrier.options)));
  return carrier;
}

async function openRedis(url: string, carrier: Carrier): Promise<void> {
  const address = parseRedisUrl(url);
  if (typeof address !== 'object') throw new ConfigError('Option channels is not the URL of a Redis');
  // Most servers have none.
  const [{ RedisChannels }, { loadRedis }] = await Promise.all([
    import('./redis.js'),
    import('./redis-client.js'),
  ]);
  const redis = new RedisChannels(await loadRedis(), address, carrier.options);
  carrier.start(redis);
  await inTime(redis.tried, START_MS);
}
