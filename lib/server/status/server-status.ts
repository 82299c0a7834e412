/** The numbers of a server that operators read (`wsgi.status`): one process's, or the sum over several. */

/**
 * Seconds and bytes throughout. What is said to be counted only grows, from 0 at the start of the server, and is complete
 * (a request, a response) when it is counted; all else is as it is at this moment.
 */
export type ServerStatus = {
  /** When the server began to serve, in seconds since 1970. Of several processes: the first. */
  readonly startTime: number;
  readonly uptime: number;
  readonly workers: {
    /** Processes that serve. */
    readonly running: number;
    /** Counted: processes that were started in place of one that died. */
    readonly restarts: number;
  };
  /** Worker threads; all 0 without `threads`. */
  readonly threads: {
    readonly busy: number;
    readonly free: number;
    /** They load the application. */
    readonly starting: number;
    /** Counted: threads that were started in place of one that ended. */
    readonly restarts: number;
  };
  /** Requests that wait for a thread. */
  readonly queue: number;
  readonly requests: {
    /** Without open WebSockets. */
    readonly inFlight: number;
    /** Counted. A WebSocket is a GET, and counted when it opens. */
    readonly byMethod: {
      readonly GET: number;
      readonly HEAD: number;
      readonly POST: number;
      readonly PUT: number;
      readonly PATCH: number;
      readonly DELETE: number;
      readonly OPTIONS: number;
      readonly other: number;
    };
    /** Counted: the client left before the response began (499 in the access log). */
    readonly unanswered: number;
    /** Counted: what came was not a request, or came too slowly, and was answered with an error. In no other count. */
    readonly refused: number;
  };
  /** Counted, by the first digit of the status; 101 is an open WebSocket. */
  readonly responses: {
    readonly '1xx': number;
    readonly '2xx': number;
    readonly '3xx': number;
    readonly '4xx': number;
    readonly '5xx': number;
  };
  /**
   * Counted: seconds from the head of a request to the last byte of its response in the hands of the kernel, or until its
   * client left. WebSockets are not in it.
   */
  readonly latency: {
    /** How many took at most so many seconds; each holds those before it. */
    readonly buckets: { readonly [seconds: string]: number };
    readonly sum: number;
    readonly count: number;
  };
  /** Counted, on all connections: heads, TLS and WebSockets included. */
  readonly bytes: { readonly received: number; readonly sent: number };
  readonly connections: {
    readonly open: number;
    /** Counted. */
    readonly total: number;
  };
  readonly webSockets: {
    /** Their connection or their handler is still there. */
    readonly open: number;
    /** Counted. */
    readonly total: number;
  };
  /** What carries topics between servers (`channels`), in the process that does; all 0 without. */
  readonly channels: {
    /** 1, or 0 while there is no connection. */
    readonly connected: number;
    /** Topics that have members in this server. */
    readonly topics: number;
    /** Counted: messages that were to go to other servers. */
    readonly published: number;
    /** Counted: messages that came from other servers. */
    readonly received: number;
    /** Counted, of those that were published: there was no connection, or it was too slow. */
    readonly dropped: number;
    /** Counted: how often the connection was lost. */
    readonly lost: number;
  };
  /** Of the process; the heap is that of the I/O thread alone. */
  readonly memory: {
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
  };
  /** Counted: processor time of the process with all its threads. */
  readonly cpu: { readonly user: number; readonly system: number };
  readonly eventLoop: {
    /** The longest that a timer was late in the last 15 to 30 s. Of several processes: the worst. */
    readonly lag: number;
    /** Counted: how long it ran. */
    readonly active: number;
    /** Counted: how long it waited. */
    readonly idle: number;
  };
};

/** What the process that carries topics between servers says of that. */
export type ChannelsStatus = ServerStatus['channels'];

type Numbers = { readonly [name: string]: number | Numbers };

/** What is not added up. */
const MERGED: Readonly<Record<string, (a: number, b: number) => number>> = {
  startTime: Math.min,
  uptime: Math.max,
  'eventLoop.lag': Math.max,
};

/** What holds for the moment only, of those that are not counted; a whole part of the status, or one number. */
const MOMENTARY: ReadonlySet<string> = new Set([
  'uptime',
  'workers.running',
  'threads.busy',
  'threads.free',
  'threads.starting',
  'queue',
  'requests.inFlight',
  'connections.open',
  'webSockets.open',
  'channels.connected',
  'channels.topics',
  'memory',
  'eventLoop.lag',
]);

/** Two processes as one. A number that one of them does not know, being of another version, is 0 there. */
export function sumStatus(a: ServerStatus, b: ServerStatus): ServerStatus {
  return sum(a, b, '') as ServerStatus;
}

/** What stays of a process that has ended: counts, so that a sum never falls. */
export function countsOf(status: ServerStatus): ServerStatus {
  return withoutMomentary(status, '', false) as ServerStatus;
}

function sum(a: Numbers, b: Numbers, prefix: string): Numbers {
  const result: Record<string, number | Numbers> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [one, other] = [a[name], b[name]];
    const path = prefix + name;
    if (typeof one === 'object' || typeof other === 'object') {
      result[name] = sum(partOf(one), partOf(other), `${path}.`);
    } else if (one === undefined || other === undefined) result[name] = one ?? other ?? 0;
    else result[name] = MERGED[path]?.(one, other) ?? one + other;
  }
  return result;
}

function withoutMomentary(numbers: Numbers, prefix: string, momentary: boolean): Numbers {
  const result: Record<string, number | Numbers> = {};
  for (const [name, value] of Object.entries(numbers)) {
    const path = prefix + name;
    const dropped = momentary || MOMENTARY.has(path);
    if (typeof value === 'object') result[name] = withoutMomentary(value, `${path}.`, dropped);
    else result[name] = dropped ? 0 : value;
  }
  return result;
}

function partOf(value: number | Numbers | undefined): Numbers {
  return typeof value === 'object' ? value : {};
}
