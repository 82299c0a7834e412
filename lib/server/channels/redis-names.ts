/** What topics are called in Redis: a channel, or a pattern for all channels that begin so. */

export interface RedisName {
  readonly isPattern: boolean;
  /** The channel or the pattern. */
  readonly name: string;
}

/** @param prefix before each topic. @param topic a trailing * stands for all that begin so. */
export function redisName(prefix: string, topic: string): RedisName {
  if (!topic.endsWith('*')) return { isPattern: false, name: prefix + topic };
  return { isPattern: true, name: `${escapeGlob(prefix + topic.slice(0, -1))}*` };
}

/** All that is special in a pattern (https://redis.io/docs/latest/commands/psubscribe/) stands for itself. */
function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}

/** Why there is no connection, or what Redis answered: neither has a password in it. */
export function describeRedisError(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  const text = message || code || 'unknown error';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
