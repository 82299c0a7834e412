/** What carries topics between servers where that is not Redis: the function that users write for the option `channels`. */
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';
import type { Logger } from '../../logger.js';
import type { Channels, TopicMessage } from '../../topics.js';

/** What a backend is given. */
export interface ChannelsOptions {
  /** Gives what another server has published to the members here. Own messages and second copies are not filtered out. */
  deliver(topic: string, message: TopicMessage): void;
  /** The bytes of a message for `take` of other servers: who sends it, topic, kind and content (docs/channels.md). */
  pack(topic: string, message: TopicMessage): Buffer;
  /** Delivers what `pack` made in another server. Of this server's own, and of copies, nothing is delivered. Never throws. */
  take(packed: Uint8Array): void;
  readonly log: Logger;
}

/**
 * Makes a backend, which calls `take` or `deliver` for what others publish. Its `publish` is called for all that is published
 * here, also where nobody here has subscribed; none of its methods is awaited but `close`. Called once, before the server
 * listens; of several servers with the same function in one process it is called for the first. What it throws keeps the
 * server from starting.
 */
export type ChannelsFactory = (options: ChannelsOptions) => Channels | Promise<Channels>;

const METHODS = ['subscribe', 'unsubscribe', 'publish', 'close'] as const;

/** @throws ConfigError for what a function gave that is not a backend. */
export function checkBackend(value: unknown): Channels {
  const backend = value as Record<string, unknown> | null | undefined;
  const missing = METHODS.find((name) => typeof backend?.[name] !== 'function');
  if (missing === undefined) return value as Channels;
  const shown = inspect(value, { depth: 0 });
  throw new ConfigError(
    `The function that option channels is must give an object with ${METHODS.join('(), ')}(); ${missing}() is missing in ${shown}`,
  );
}
