/** A status for specs in which no number is 0, and every one differs. */
import type { ServerStatus } from '../../../lib/server/status/server-status.js';

type Numbers = { readonly [name: string]: number | Numbers };

/** Its numbers in order are 1, 2, 3 … times `factor`. */
export function numbered(factor = 1): ServerStatus {
  let last = 0;
  const fill = (numbers: Numbers): Numbers =>
    Object.fromEntries(
      Object.entries(numbers).map(([name, value]) => {
        if (typeof value === 'object') return [name, fill(value)];
        last += factor;
        return [name, last];
      }),
    );
  return fill(SHAPE) as ServerStatus;
}

/** Every number by its path. */
export function leavesOf(status: Numbers, prefix = ''): [path: string, value: number][] {
  return Object.entries(status).flatMap(([name, value]): [string, number][] =>
    typeof value === 'object' ? leavesOf(value, `${prefix}${name}.`) : [[prefix + name, value]],
  );
}

const SHAPE: ServerStatus = {
  startTime: 0,
  uptime: 0,
  workers: { running: 0, restarts: 0 },
  threads: { busy: 0, free: 0, starting: 0, restarts: 0 },
  queue: 0,
  requests: {
    inFlight: 0,
    byMethod: { GET: 0, HEAD: 0, POST: 0, PUT: 0, PATCH: 0, DELETE: 0, OPTIONS: 0, other: 0 },
    unanswered: 0,
    refused: 0,
  },
  responses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
  latency: { buckets: { '0.5': 0, '1.0': 0, '+Inf': 0 }, sum: 0, count: 0 },
  bytes: { received: 0, sent: 0 },
  connections: { open: 0, total: 0 },
  webSockets: { open: 0, total: 0 },
  channels: { connected: 0, topics: 0, published: 0, received: 0, dropped: 0, lost: 0 },
  memory: { rss: 0, heapUsed: 0, heapTotal: 0, external: 0 },
  cpu: { user: 0, system: 0 },
  eventLoop: { lag: 0, active: 0, idle: 0 },
};
