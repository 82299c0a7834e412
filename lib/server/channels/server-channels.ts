/** What carries the topics of a server to others, from its beginning to its end. */
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
