/** The option `channels`: what its values are, and how they are shown without what is secret in them. */
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';
import type { ChannelsFactory } from '../channels/backend.js';
import { maskUrl, parseRedisUrl, REDIS_RULE } from '../channels/redis-url.js';
import type { Kind } from './option-kinds.js';

/** The URL of a Redis, or a function that makes another backend. */
export const channels: Kind<string | ChannelsFactory> = {
  metavar: 'URL',
  parse: (text) => text,
  check(value, label) {
    if (typeof value === 'function') return value as ChannelsFactory;
    const found = typeof value === 'string' ? parseRedisUrl(value) : undefined;
    if (typeof found === 'object') return value as string;
    const shown = typeof value === 'string' ? inspect(maskUrl(value)) : inspect(value, { depth: 0 });
    const why = found === undefined ? ', or a function (docs/channels.md)' : '';
    throw new ConfigError(
      `${label} must be ${REDIS_RULE}${why}, not ${shown}${found === undefined ? '' : `: ${found}`}`,
    );
  },
};

/** For `--print-config`. */
export function shownChannels(value: string | ChannelsFactory | undefined): unknown {
  return typeof value === 'string' ? maskUrl(value) : value;
}
