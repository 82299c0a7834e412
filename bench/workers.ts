/** What processes bring (`--workers`): two beside one, with connections that stay and new ones, their start, their memory. */
import { type Bench, Comparison, type Measured, median } from './compare.js';
import { type HttpPart, httpLoad } from './http-load.js';
import { ServerProcess } from './server-process.js';

/** How many workers; 0 is a single process without a parent. */
const COUNTS = [0, 1, 2];
/** What Node itself offers, each beside one process of it: what of the loss is the machine's, and not ours. */
const PEERS = { raw: 'node:http, one process', rawCluster: 'node:cluster, 2 workers' };
const STARTS = [0, 1, 2, 4, 8];
const APP = 'wsgi.js';

export const WORKER_PARTS = ['workers', 'workers-connect', 'workers-start', 'workers-memory'];

export interface WorkerBench extends Bench {
  readonly hello: HttpPart;
}

export async function workerParts({ rounds, time, hello, chosen, add }: WorkerBench): Promise<void> {
  const load = { ...hello, connections: 50, time };
  if (chosen('workers')) add(await throughput('Workers: GET hello, 50 connections', rounds, load));
  if (chosen('workers-connect')) {
    const each = { ...load, connectEach: true };
    add(await throughput('Workers: GET hello, a new connection for each request', rounds, each));
  }
  if (chosen('workers-start')) add(await starts(rounds));
  if (chosen('workers-memory')) add(await memory(hello));
}

/** Of the busiest of the workers, in a round: how much of their CPU it took. */
interface Shares {
  readonly busiest: number[];
}

async function throughput(
  title: string,
  rounds: number,
  load: Parameters<typeof httpLoad>[1],
): Promise<string> {
  const comparison = new Comparison();
  const ours = await Promise.all(COUNTS.map((count) => ServerProcess.wsgi(count, APP)));
  const peers = await Promise.all(Object.keys(PEERS).map((name) => ServerProcess.node(name)));
  const servers = [...ours, ...peers];
  const shares = new Map<string, Shares>(servers.map(({ name }) => [name, { busiest: [] }]));
  await comparison.measure(servers, rounds, async (server) => {
    const before = server.cpuOfChildren();
    const answered = await httpLoad(server.port, load);
    const spent = server.cpuOfChildren().map((cpu, i) => cpu - (before[i] ?? 0));
    const total = spent.reduce((sum, one) => sum + one, 0);
    if (total > 0) shares.get(server.name)?.busiest.push(Math.max(...spent) / total);
    return answered;
  });
  for (const server of servers) server.stop();
  const rows = [ours, peers].flatMap((some) => {
    const names = some.map(({ name }) => name);
    return workersRows(comparison.resultsOf(names, names[0] ?? ''), shares);
  });
  return [
    `### ${title}`,
    '',
    '| | per second | of one process | CPU µs | of one process, by CPU and a core each | busiest worker |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/**
 * The load takes CPU of the same machine, so that requests a second do not show what workers could do. By CPU: each worker
 * has a core, and a request takes `cpu` of all processes together, the parent's included.
 */
function workersRows(measured: readonly Measured[], shares: ReadonlyMap<string, Shares>): string[] {
  const first = measured[0]?.perSecond ?? Number.NaN;
  return measured.map(({ name, perSecond, cpu, ratio }) => {
    const title = PEERS[name as keyof typeof PEERS] ?? name;
    const cores = Number(/(\d+) worker/.exec(title)?.[1] ?? 1);
    const busiest = median(shares.get(name)?.busiest ?? []);
    const cells = [
      title,
      Math.round(perSecond),
      (perSecond / first).toFixed(2),
      cpu.toFixed(1),
      (ratio * cores).toFixed(2),
      cores < 2 ? '' : `${Math.round(busiest * 100)} %`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
}

async function starts(rounds: number): Promise<string> {
  const rows = [];
  for (const count of STARTS) {
    const times: number[] = [];
    const cpu: number[] = [];
    let name = '';
    for (let round = 0; round < rounds; round++) {
      const begin = performance.now();
      const server = await ServerProcess.wsgi(count, APP);
      times.push(performance.now() - begin);
      cpu.push(server.cpuSeconds());
      name = server.name;
      server.stop();
    }
    rows.push(`| ${name} | ${median(times).toFixed(0)} | ${median(cpu).toFixed(2)} |`);
  }
  return ['### Workers: until all of them serve', '', '| | ms | CPU s |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

async function memory(hello: HttpPart): Promise<string> {
  const measured: { resident: number; proportional: number }[] = [];
  for (const count of [0, 1, 5]) {
    const server = await ServerProcess.wsgi(count, APP);
    await httpLoad(server.port, { ...hello, connections: 50, time: 1000 });
    measured.push({ resident: server.memory('now'), proportional: server.proportionalMemory() });
    server.stop();
  }
  const row = (name: string, of: (which: 'resident' | 'proportional') => number) =>
    `| ${name} | ${of('resident').toFixed(1)} | ${of('proportional').toFixed(1)} |`;
  const [none, one, five] = measured;
  const at = (which: 'resident' | 'proportional', place?: (typeof measured)[number]) =>
    place?.[which] ?? Number.NaN;
  return [
    '### Workers: memory',
    '',
    '| MiB | resident | with what they share divided among them |',
    '|---|---|---|',
    row('one process', (which) => at(which, none)),
    row('1 worker and its parent', (which) => at(which, one)),
    row('each further worker', (which) => (at(which, five) - at(which, one)) / 4),
  ].join('\n');
}
