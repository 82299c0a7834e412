/** What carries the topics of a handler in another framework's server: begins with the handler, keeps no process running. */
import { ignore } from '../../environ/maybe-promise.js';
import { describeThrown, logger } from '../../logger.js';
import { ServerChannels } from '../channels/server-channels.js';
import type { ResolvedOptions } from '../options/options.js';
import type { ThreadPool } from '../threads/io/pool.js';

export interface HostedChannels {
  /** Nothing is carried: the option was not given. */
  readonly none: boolean;
  /** Resolves when topics are carried, and the pool is ready. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** @param pool undefined: the application runs on the event loop. */
export function openHostedChannels(
  { channels: given }: ResolvedOptions,
  pool: ThreadPool | undefined,
): HostedChannels {
  const channels = new ServerChannels(given);
  const opening = channels.open();
  opening?.catch((error) => {
    logger.critical(`Topics do not reach other servers\n${describeThrown(error)}`);
  });
  const ready = Promise.all([pool?.ready, opening]).then(ignore);
  // Both are logged.
  ready.catch(ignore);
  return { none: opening === undefined, ready, close: () => channels.close() };
}
