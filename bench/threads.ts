/** What blocking handlers in worker threads cost: beside the event loop, and beside the servers of CPython. */
import { type Bench, compare } from './compare.js';
import { type HttpPart, httpLatencies, httpLoad } from './http-load.js';
import { comparisonTable, throughputTable } from './report.js';
import { ServerProcess } from './server-process.js';
import { webSocketLoad } from './websocket-load.js';

const COUNTS = [1, 2, 4, 8];
const BODY = Buffer.alloc(1024 * 1024, 'u');

export const THREAD_PARTS = [
  'threads',
  'threads-up',
  'threads-down',
  'threads-64k',
  'threads-echo',
  'threads-stall',
  'threads-memory',
];

export interface ThreadBench extends Bench {
  readonly hello: HttpPart;
  readonly python: readonly ServerProcess[];
}

export async function threadParts({ rounds, time, hello, python, chosen, add }: ThreadBench): Promise<void> {
  const servers = [await ServerProcess.node('wsgi')];
  for (const count of COUNTS) servers.push(await ServerProcess.node(`threads-${count}`));
  const [loop, , , four, eight] = servers as [ServerProcess, ...ServerProcess[]];
  const peers = (four === undefined ? [loop] : [loop, four]).concat(python);
  const http = async (part: string, title: string, load: HttpPart, among: readonly ServerProcess[]) => {
    if (!chosen(part)) return;
    const measured = await compare(among, rounds, ({ port }) => httpLoad(port, { ...load, time }));
    add(throughputTable(title, measured));
  };
  await http('threads', 'Threads: GET hello, handlers that block', hello, [...servers, ...python]);
  const up = { method: 'POST', path: '/post', body: BODY, connections: 8 };
  await http('threads-up', 'Threads: POST 1 MiB, read whole', up, peers);
  const down = { method: 'GET', path: '/big', connections: 8 };
  await http('threads-down', 'Threads: GET 1 MiB', down, peers);
  const middling = { method: 'GET', path: '/64k', connections: 8 };
  await http('threads-64k', 'Threads: GET 64 KiB', middling, peers.slice(0, 2));
  if (chosen('threads-echo') && eight !== undefined) {
    const measured = await compare([loop, eight], rounds, ({ port }) =>
      webSocketLoad(port, { path: '/ws', size: 32, inFlight: 1, connections: 4, time }),
    );
    add(comparisonTable('Threads: WebSocket echo that blocks, 32 bytes, 4 connections', measured));
  }
  if (chosen('threads-stall') && four !== undefined) add(await stall(four, time * rounds));
  for (const server of servers) server.stop();
  if (chosen('threads-memory')) add(await memory());
}

/** Two clients ask a handler that sleeps for 100 ms, again and again, while the others ask for hello. */
async function stall(server: ServerProcess, time: number): Promise<string> {
  const fast = { method: 'GET', path: '/', connections: 16, time };
  const alone = await httpLatencies(server.port, fast);
  const slow = httpLoad(server.port, { method: 'GET', path: '/slow', connections: 2, time });
  const beside = await httpLatencies(server.port, fast);
  await slow;
  return [
    '### Threads: 4 of them, two clients on a handler that sleeps for 100 ms',
    '',
    '| | p50 ms | p99 ms | longest ms |',
    '|---|---|---|---|',
    latencyRow('16 clients for hello, alone', alone),
    latencyRow('the same 16 beside the slow two', beside),
  ].join('\n');
}

function latencyRow(name: string, latencies: number[]): string {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(2);
  return `| ${name} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`;
}

async function memory(): Promise<string> {
  const resident: number[] = [];
  for (const count of [1, 9]) {
    const server = await ServerProcess.node(`threads-${count}`);
    await httpLoad(server.port, { method: 'GET', path: '/', connections: 32, time: 1000 });
    resident.push(server.memory('now'));
    server.stop();
  }
  const [one = Number.NaN, nine = Number.NaN] = resident;
  const each = ((nine - one) / 8).toFixed(1);
  return `### Threads: memory\n\n${each} MiB resident for each further thread (${one.toFixed(0)} MiB with one).`;
}
