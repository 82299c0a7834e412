/** Where the status of this process comes from: what its server counts, and what is only looked at when somebody asks. */

import type { Socket } from 'node:net';
import type { MaybePromise } from '../../environ/types.js';
import { takenOf } from '../http/node-internals.js';
import type { ResolvedOptions } from '../options/options.js';
import type { PoolLoad } from '../threads/io/pool.js';
import { Counters, LATENCY_BOUNDS } from './counters.js';
import { LoopLag } from './loop-lag.js';
import type { ChannelsStatus, ServerStatus } from './server-status.js';
import { StatusPage } from './status-page.js';

/** What the server knows without counting. */
export interface Load {
  readonly requests: number;
  readonly webSockets: number;
  /** Undefined without threads. */
  readonly pool: PoolLoad | undefined;
  /** Undefined without channels. */
  readonly channels?: ChannelsStatus | undefined;
}

const NO_THREADS: PoolLoad = { busy: 0, free: 0, starting: 0, restarts: 0, queue: 0 };

const NO_CHANNELS: ChannelsStatus = {
  connected: 0,
  topics: 0,
  published: 0,
  received: 0,
  dropped: 0,
  lost: 0,
};

export class StatusSource {
  readonly counters = new Counters();
  readonly traffic = new SocketTraffic();
  /** Gives the status of the whole server, where this process is one of several: what it is given is this one's. */
  join: (own: ServerStatus) => MaybePromise<ServerStatus> = (own) => own;
  readonly #lag = new LoopLag();
  readonly #startTime = seconds(Date.now());
  readonly #began = performance.now();
  readonly #load: () => Load;
  #page: StatusPage | undefined;

  constructor(load: () => Load) {
    this.#load = load;
    this.#lag.start();
  }

  stop(): void {
    this.#lag.stop();
  }

  /** What answers requests for it; undefined without a path. */
  page({ statusPath, statusAllowIps }: ResolvedOptions): StatusPage | undefined {
    if (statusPath === undefined) return undefined;
    this.#page = new StatusPage(statusPath, statusAllowIps, () => this.join(this.read()));
    return this.#page;
  }

  /** Of this process alone. */
  read(): ServerStatus {
    const { counters, traffic } = this;
    const load = this.#load();
    const { queue, ...threads } = load.pool ?? NO_THREADS;
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { active, idle } = performance.eventLoopUtilization();
    return {
      startTime: this.#startTime,
      uptime: seconds(performance.now() - this.#began),
      workers: { running: 1, restarts: 0 },
      threads,
      queue,
      requests: {
        inFlight: load.requests - (this.#page?.readers ?? 0),
        byMethod: {
          GET: counters.get,
          HEAD: counters.head,
          POST: counters.post,
          PUT: counters.put,
          PATCH: counters.patch,
          DELETE: counters.delete,
          OPTIONS: counters.options,
          other: counters.otherMethod,
        },
        unanswered: counters.unanswered,
        refused: counters.refused,
      },
      responses: {
        '1xx': counters.informational,
        '2xx': counters.successful,
        '3xx': counters.redirects,
        '4xx': counters.clientErrors,
        '5xx': counters.serverErrors,
      },
      latency: latencyOf(counters),
      bytes: traffic.bytes,
      connections: { open: traffic.open, total: traffic.total },
      webSockets: { open: load.webSockets, total: counters.webSockets },
      channels: load.channels ?? NO_CHANNELS,
      memory: { rss, heapUsed, heapTotal, external },
      cpu: { user: user / 1e6, system: system / 1e6 },
      eventLoop: { lag: seconds(this.#lag.worst), active: seconds(active), idle: seconds(idle) },
    };
  }
}

/** Each bucket holds those before it, as Prometheus has it. */
function latencyOf({ latencies, latencySum }: Counters): ServerStatus['latency'] {
  const buckets: Record<string, number> = {};
  let count = 0;
  for (const [place, inPlace] of latencies.entries()) {
    count += inPlace;
    buckets[spellBound(LATENCY_BOUNDS[place])] = count;
  }
  return { buckets, sum: seconds(latencySum), count };
}

/** To the microsecond. */
function seconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1e6;
}

/** As OpenMetrics spells numbers; `1` alone would also come before `0.5` among the keys of an object. */
function spellBound(seconds: number | undefined): string {
  if (seconds === undefined) return '+Inf';
  return Number.isInteger(seconds) ? `${seconds}.0` : String(seconds);
}

class SocketTraffic {
  total = 0;
  readonly #open = new Set<Socket>();
  /** Of those that are closed. */
  #received = 0;
  #sent = 0;

  /** Listener of `connection`: with TLS the connection below it. One that was handed back to the server comes again. */
  readonly add = (socket: Socket): void => {
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    this.total++;
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#received += socket.bytesRead;
      this.#sent += takenOf(socket);
    });
  };

  get open(): number {
    return this.#open.size;
  }

  get bytes(): { readonly received: number; readonly sent: number } {
    let [received, sent] = [this.#received, this.#sent];
    for (const socket of this.#open) {
      received += socket.bytesRead;
      sent += takenOf(socket);
    }
    return { received, sent };
  }
}
