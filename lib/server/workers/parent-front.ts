/** The front of a parent: it holds the listeners, and workers serve what comes. */
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { logger } from '../../logger.js';
import { withInherited } from '../http/inherited-socket.js';
import { listen } from '../http/listen.js';
import { withoutServer } from '../http/node-internals.js';
import type { ResolvedOptions } from '../options/options.js';
import type { ServerStatus } from '../status/server-status.js';
import { Crew } from './crew.js';
import type { Front, RunningCount } from './front.js';
import { settingsOf } from './messages.js';
import type { ServerCommand } from './server-process.js';

/** Milliseconds beyond the grace that workers have: they cut off, log and end by themselves. */
const MARGIN_MS = 1000;

export class ParentFront implements Front {
  readonly margin = MARGIN_MS;
  /** Gives the status of this process, where the server has one. To be set before it listens. */
  ownStatus: (() => ServerStatus) | undefined;
  readonly #command: ServerCommand;
  readonly #options: ResolvedOptions;
  readonly #listened: (() => unknown) | undefined;
  #listeners: readonly NetServer[] = [];
  #crew: Crew | undefined;

  /** @param listened called once it listens, before there are workers. */
  constructor(command: ServerCommand, options: ResolvedOptions, listened: (() => unknown) | undefined) {
    this.#command = command;
    this.#options = withInherited(options);
    this.#listened = listened;
  }

  get address(): AddressInfo | string | null {
    return this.#listeners[0]?.address() ?? null;
  }

  get running(): RunningCount | undefined {
    return this.#crew?.running;
  }

  /** Undefined before `open`. */
  get crew(): Crew | undefined {
    return this.#crew;
  }

  async open(): Promise<void> {
    let crew: Crew | undefined;
    this.#listeners = await openListeners(this.#options, (socket) => crew?.distribution.give(socket));
    const { descriptor, host, port, socketPath } = this.#options;
    const inherited = descriptor === undefined ? undefined : { host, port, socketPath };
    try {
      await this.#listened?.();
      const place = { address: this.address, inherited };
      crew = new Crew(this.#command, place, settingsOf(this.#options), this.ownStatus);
      this.#crew = crew;
      await crew.begun;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    await this.#crew?.stop(this.#options.gracefulTimeout);
  }

  giveUp(): Promise<void> {
    const closed = this.close();
    this.cut();
    return closed;
  }

  cut(): void {
    void this.#crew?.stop(0);
  }
}

/**
 * Opens what the options name.
 * @param accept gets each connection; nothing is read of it.
 * @throws ConfigError that says why one cannot be opened: the others are closed.
 */
async function openListeners(
  options: ResolvedOptions,
  accept: (socket: Socket) => void,
): Promise<readonly NetServer[]> {
  // Half open: a client that has sent its request and its end is still to be answered.
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  // Those that wait for a worker are held here; the kernel has room for as many again.
  listener.maxConnections = options.backlog;
  let dropping = false;
  listener.on('drop', () => {
    if (!dropping) {
      logger.warning(`${options.backlog} connections wait for a worker (backlog): more are closed`);
    }
    dropping = true;
  });
  listener.on('connection', (socket) => {
    dropping = false;
    withoutServer(socket);
    // What becomes of it is the worker's to know.
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  await listen(listener, options);
  return [listener];
}
