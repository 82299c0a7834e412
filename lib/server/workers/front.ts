/** How connections come to a server that does not listen by itself: it is a worker, or it has workers. */
import type { AddressInfo, Socket } from 'node:net';
import type { ServedRequests } from './served-requests.js';

/** What a graceful stop waits for. */
export interface RunningCount {
  readonly requests: number;
  readonly webSockets: number;
}

export interface Front {
  /** What is listened on. */
  readonly address: AddressInfo | string | null;
  /** What runs elsewhere, as far as it has been told. */
  readonly running?: RunningCount | undefined;
  /** Milliseconds that a stop takes beside the graceful timeout. */
  readonly margin: number;
  /**
   * Resolves once connections come.
   * @param take gets each of them, unless they are served elsewhere; `moved`: another process had it before.
   * @throws ConfigError if that cannot be.
   */
  open(take: (socket: Socket, moved: boolean) => void): Promise<void>;
  /** As `close`, at once, before `open` has resolved: it never does then. */
  giveUp?(): Promise<void>;
  /** No more connections. Resolves when all that they were given to has ended. */
  close(): Promise<void>;
  /** What still runs elsewhere is ended. */
  cut(): void;
}

/** Where a server stands among processes. */
export interface Place {
  /** Default: it listens by itself. */
  readonly front?: Front;
  /** Notes what is served; without it, a server with a front serves nothing by itself. */
  readonly served?: ServedRequests;
  /** Called once it listens; the server is ready only after it, and threads load the application after it. */
  readonly listened?: (() => unknown) | undefined;
}
