/** What carries the topics of a server, or of a handler in another framework's, to others, from its beginning to its end. */
import { ignore } from '../../environ/maybe-promise.js';
import { describeThrown, logger } from '../../logger.js';
import type { ChannelsStatus } from '../status/server-status.js';
import type { ChannelsFactory } from './backend.js';
import type { OpenChannels } from './open-channels.js';

export class ServerChannels {
  readonly #given: string | ChannelsFactory | undefined;
  #opening: Promise<OpenChannels> | undefined;
  #open: OpenChannels | undefined;

  /** @param given the option `channels`, checked. */
  constructor(given: string | ChannelsFactory | undefined) {
    this.#given = given;
  }

  /** Undefined without channels, and before they are open. */
  get status(): ChannelsStatus | undefined {
    return this.#open?.status;
  }

  /** As `openChannels`; undefined where there is nothing to wait for. */
  open(): Promise<void> | undefined {
    if (this.#given === undefined) return undefined;
    this.#opening = openLate(this.#given);
    return this.#opening.then((open) => {
      this.#open = open;
    });
  }

  async close(): Promise<void> {
    const open = await this.#opening?.catch(() => undefined);
    await open?.close();
  }
}

/** A server without channels starts without that code. */
async function openLate(given: string | ChannelsFactory): Promise<OpenChannels> {
  const { openChannels } = await import('./open-channels.js');
  return openChannels(given);
}

// Of a handler in another framework's server

export interface HostedChannels {
  /** Nothing is carried: the option was not given. */
  readonly none: boolean;
  /** Resolves when topics are carried, and the pool is ready. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/**
 * They begin with the handler, and keep no process running.
 * @param given as of `ServerChannels`.
 * @param pool undefined: the application runs on the event loop.
 */
export function openHostedChannels(
  given: string | ChannelsFactory | undefined,
  pool: { readonly ready: Promise<void> } | undefined,
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
