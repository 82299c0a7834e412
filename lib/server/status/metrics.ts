/**
 * The status as text for Prometheus, from one table. Two formats: 0.0.4, which everything reads, and OpenMetrics 1.0, where
 * a counter's family has no `_total` and the text ends with `# EOF`.
 */
import type { ServerStatus } from './server-status.js';

export type MetricsFormat = 'prometheus' | 'openmetrics';

export const METRICS_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

type Numbers = Readonly<Record<string, number>>;

interface Metric {
  /** Of the family; a counter's samples have `_total` after it. */
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** One number, or one for each value of `label`. */
  readonly of: (status: ServerStatus) => number | Numbers;
  readonly label?: string;
}

/** In the order of the text; the histogram comes last. */
const METRICS: readonly Metric[] = [
  gauge('wsgi_start_time_seconds', 'When the server began to serve, since 1970.', (s) => s.startTime),
  gauge('wsgi_uptime_seconds', 'How long the server has served.', (s) => s.uptime),
  gauge('wsgi_workers', 'Processes that serve.', (s) => s.workers.running),
  counter('wsgi_worker_restarts', 'Processes started in place of one that died.', (s) => s.workers.restarts),
  gauge(
    'wsgi_threads',
    'Worker threads, by what they do.',
    ({ threads: { restarts: _, ...by } }) => by,
    'state',
  ),
  counter('wsgi_thread_restarts', 'Threads started in place of one that ended.', (s) => s.threads.restarts),
  gauge('wsgi_queued_requests', 'Requests that wait for a thread.', (s) => s.queue),
  gauge(
    'wsgi_requests_in_flight',
    'Requests that are not over, without WebSockets.',
    (s) => s.requests.inFlight,
  ),
  counter(
    'wsgi_requests',
    'Requests that are over, and WebSockets opened.',
    (s) => s.requests.byMethod,
    'method',
  ),
  counter(
    'wsgi_unanswered_requests',
    'Requests whose client left before the response began.',
    (s) => s.requests.unanswered,
  ),
  counter('wsgi_refused_requests', 'What was not a request, or came too slowly.', (s) => s.requests.refused),
  counter('wsgi_responses', 'Responses, by the first digit of their status.', (s) => s.responses, 'class'),
  counter('wsgi_received_bytes', 'Bytes received on all connections.', (s) => s.bytes.received),
  counter('wsgi_sent_bytes', 'Bytes sent on all connections.', (s) => s.bytes.sent),
  gauge('wsgi_connections_open', 'Open connections.', (s) => s.connections.open),
  counter('wsgi_connections', 'Connections that were accepted.', (s) => s.connections.total),
  gauge('wsgi_websockets_open', 'Open WebSockets.', (s) => s.webSockets.open),
  counter('wsgi_websockets', 'WebSockets that were opened.', (s) => s.webSockets.total),
  gauge(
    'wsgi_channels_connected',
    '1 while topics are carried between servers, else 0.',
    (s) => s.channels.connected,
  ),
  gauge('wsgi_channels_topics', 'Topics that have members in this server.', (s) => s.channels.topics),
  counter('wsgi_channels_published_messages', 'Messages for other servers.', (s) => s.channels.published),
  counter('wsgi_channels_received_messages', 'Messages of other servers.', (s) => s.channels.received),
  counter('wsgi_channels_dropped_messages', 'Messages that were not carried.', (s) => s.channels.dropped),
  counter('wsgi_channels_lost_connections', 'Connections that were lost.', (s) => s.channels.lost),
  gauge('wsgi_memory_bytes', 'Memory of the processes, by kind.', ({ memory }) => snakeCase(memory), 'kind'),
  counter('wsgi_cpu_seconds', 'Processor time.', (s) => s.cpu, 'mode'),
  gauge(
    'wsgi_event_loop_lag_seconds',
    'The longest delay of a timer lately, in any process.',
    (s) => s.eventLoop.lag,
  ),
  counter(
    'wsgi_event_loop_seconds',
    'Time that event loops ran or waited.',
    ({ eventLoop: { lag: _, ...by } }) => by,
    'state',
  ),
];

const LATENCY = 'wsgi_request_duration_seconds';
const LATENCY_HELP = 'From the head of a request to the end of its response, without WebSockets.';

function gauge(name: string, help: string, of: Metric['of'], label?: string): Metric {
  return { name, kind: 'gauge', help, of, ...(label === undefined ? {} : { label }) };
}

function counter(name: string, help: string, of: Metric['of'], label?: string): Metric {
  return { ...gauge(name, help, of, label), kind: 'counter' };
}

/** The body of a response with one of `METRICS_TYPES`. */
export function renderMetrics(status: ServerStatus, format: MetricsFormat): string {
  const open = format === 'openmetrics';
  let text = '';
  for (const { name, kind, help, of, label } of METRICS) {
    const sample = kind === 'counter' ? `${name}_total` : name;
    text += describe(open ? name : sample, kind, help);
    const value = of(status);
    if (typeof value === 'number') text += `${sample} ${value}\n`;
    else for (const [key, one] of Object.entries(value)) text += `${sample}{${label}="${key}"} ${one}\n`;
  }
  const { buckets, sum, count } = status.latency;
  text += describe(LATENCY, 'histogram', LATENCY_HELP);
  for (const [bound, below] of Object.entries(buckets)) text += `${LATENCY}_bucket{le="${bound}"} ${below}\n`;
  text += `${LATENCY}_sum ${sum}\n${LATENCY}_count ${count}\n`;
  return open ? `${text}# EOF\n` : text;
}

function describe(family: string, kind: string, help: string): string {
  return `# HELP ${family} ${help}\n# TYPE ${family} ${kind}\n`;
}

function snakeCase(numbers: Numbers): Numbers {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [snake(name), value]));
}
