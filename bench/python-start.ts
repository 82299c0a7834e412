/** What a start costs on the servers of Python and on this package, until the first request is answered, and what memory they take. */
import { median } from './compare.js';
import { httpLoad } from './http-load.js';
import { PYTHON_SERVERS, pythonServers } from './python-servers.js';
import type { ServerProcess } from './server-process.js';

/** Of bench/python. */
const HELLO = 'app';
const FLASK = 'flask_site';
const FURTHER = 4;

/** @param rounds of one start of each; two more come before them, which make what is cached: snapshots, compiled code. */
export async function pythonStarts(rounds: number): Promise<string> {
  const rows: string[] = [];
  for (const name of PYTHON_SERVERS) {
    const starts = [await startOf(name, HELLO, rounds), await startOf(name, FLASK, rounds)];
    const [one, more] = [await memoryOf(name, 1), await memoryOf(name, 1 + FURTHER)];
    if (one === undefined || more === undefined) continue;
    const seconds = starts.map((cost) => cost?.toFixed(2) ?? '-');
    rows.push(`| ${[name, ...seconds, one.toFixed(0), ((more - one) / FURTHER).toFixed(1)].join(' | ')} |`);
  }
  if (rows.length === 0) return '';
  return [
    '### Python: start with four threads, and memory',
    '',
    '| server | hello, CPU s | Flask, CPU s | hello, MiB with one thread | MiB for each further thread |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** CPU seconds, of all processes; undefined if it does not start here. */
async function startOf(name: string, module: string, rounds: number): Promise<number | undefined> {
  const costs: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const server = await start(name, module);
    if (server === undefined) return undefined;
    if (round >= 0) costs.push(server.cpuSeconds());
    server.stop();
  }
  return median(costs);
}

/** MiB after some load, with what processes share divided among them. */
async function memoryOf(name: string, threads: number): Promise<number | undefined> {
  const server = await start(name, HELLO, threads);
  if (server === undefined) return undefined;
  await httpLoad(server.port, { method: 'GET', path: '/', connections: 16, time: 1000 });
  const memory = server.proportionalMemory();
  server.stop();
  return memory;
}

async function start(name: string, module: string, threads?: number): Promise<ServerProcess | undefined> {
  const { running } = await pythonServers(module, [name], threads);
  return running[0];
}
