/**
 * `npm run bench`: measures, prints tables and writes bench/RESULTS.md. Needs Linux (/proc).
 * `npm run bench -- hello echo` runs only those parts; `BENCH_ROUNDS` and `BENCH_MS` shorten or lengthen them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { drawChart } from './chart.js';
import { Comparison } from './compare.js';
import { type HttpPart, httpLoad } from './http-load.js';
import { idleMemory } from './idle.js';
import { PYTHON_PARTS, pythonParts } from './python.js';
import { pythonServers, pythonVersions } from './python-servers.js';
import { comparisonTable, machineFacts } from './report.js';
import { ROOM_PARTS, roomParts } from './rooms.js';
import { ServerProcess } from './server-process.js';
import { startPart } from './start.js';
import { THREAD_PARTS, threadParts } from './threads.js';
import { measureUpload } from './upload.js';
import { type WebSocketLoad, webSocketLoad } from './websocket-load.js';
import { WORKER_PARTS, workerParts } from './workers.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
const TIME = Number(process.env['BENCH_MS'] ?? 1500);
const NODE_SERVERS = ['raw', 'wsgi', 'fastify', 'hono', 'koa', 'express'];
/** Of Python's servers, those that all parts compare with; the others are in the parts of bench/python.ts. */
const PEERS = ['gunicorn', 'waitress', 'wsgiref'];
const GIBIBYTE = 1024 ** 3;

type TitledPart = HttpPart & { title: string };
type EchoPart = Omit<WebSocketLoad, 'time' | 'path'> & { title: string };

const HTTP: Record<string, TitledPart> = {
  hello: { title: 'GET hello, with the headers of a browser', method: 'GET', path: '/', connections: 32 },
  json: { title: 'GET 10 KiB of JSON', method: 'GET', path: '/json', connections: 32 },
  post: {
    title: 'POST 1 KiB, read whole',
    method: 'POST',
    path: '/post',
    body: Buffer.alloc(1024, 'p'),
    connections: 32,
  },
  big: { title: 'GET 1 MiB', method: 'GET', path: '/big', connections: 8 },
  chunks: {
    title: 'GET 64 chunks of 1 KiB from a generator',
    method: 'GET',
    path: '/chunks',
    connections: 16,
  },
};

const ECHO: Record<string, EchoPart> = {
  echo: { title: 'WebSocket echo, 32 bytes, message by message', size: 32, inFlight: 1, connections: 16 },
  'echo-text': {
    title: 'WebSocket echo, 32 characters of text (raw passes the bytes on, undecoded)',
    text: true,
    size: 32,
    inFlight: 1,
    connections: 16,
  },
  'echo-64': { title: 'WebSocket echo, 32 bytes, 64 in flight', size: 32, inFlight: 64, connections: 8 },
  'echo-64k': { title: 'WebSocket echo, 64 KiB', size: 65_536, inFlight: 1, connections: 4 },
};

const DEFLATE: Record<string, EchoPart> = {
  deflate: {
    title: 'WebSocket echo, 60 characters, compressed by the client (permessage-deflate)',
    text: true,
    deflate: true,
    size: 60,
    inFlight: 1,
    connections: 16,
  },
};

const wanted = process.argv.slice(2);
const chosen = (part: string) => wanted.length === 0 || wanted.includes(part);
const sections: string[] = [machineFacts(ROUNDS, TIME)];

function add(section: string): void {
  console.log(`${section}\n`);
  sections.push(section);
}

/**
 * Each generation has new processes: two of the same server differ by a third, by how their code was compiled and where
 * their memory lies.
 */
const GENERATIONS = 5;

/** Compares the servers that `start` starts, in each part, and adds a table for each. */
async function addComparisons<Part extends { title: string }>(
  parts: Readonly<Record<string, Part>>,
  start: () => Promise<ServerProcess[]>,
  load: (part: Part, server: ServerProcess) => Promise<number>,
): Promise<void> {
  const comparisons = Object.keys(parts)
    .filter(chosen)
    .map((part) => ({ part: parts[part] as Part, comparison: new Comparison() }));
  if (comparisons.length === 0) return;
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const servers = await start();
    for (const { part, comparison } of comparisons) {
      await comparison.measure(servers, Math.ceil(ROUNDS / GENERATIONS), (server) => load(part, server));
    }
    for (const server of servers) server.stop();
  }
  for (const { part, comparison } of comparisons) add(comparisonTable(part.title, comparison.results));
}

function startAll(names: readonly string[]): Promise<ServerProcess[]> {
  return Promise.all(names.map((name) => ServerProcess.node(name)));
}

async function httpParts(): Promise<void> {
  let told = false;
  const start = async () => {
    const node = await startAll(NODE_SERVERS);
    const { running, missing } = await pythonServers('app', PEERS);
    if (!told && missing.length > 0) add(`Not installed here, so not measured: ${missing.join(', ')}.`);
    told = true;
    return [...node, ...running];
  };
  await addComparisons(HTTP, start, (part, { port }) => httpLoad(port, { ...part, time: TIME }));
}

async function echoParts(): Promise<void> {
  const load = (part: EchoPart, { name, port }: ServerProcess) =>
    webSocketLoad(port, { ...part, time: TIME, path: name === 'wsgi' ? '/ws' : '/' });
  await addComparisons(ECHO, () => startAll(['rawWebSocket', 'wsgi']), load);
  await addComparisons(DEFLATE, () => startAll(['rawDeflate', 'wsgi']), load);
}

async function threads(): Promise<void> {
  if (!THREAD_PARTS.some(chosen)) return;
  const { title: _, ...hello } = HTTP['hello'] as TitledPart;
  const { running } = await pythonServers('app', PEERS);
  await threadParts({ rounds: ROUNDS, time: TIME, hello, python: running, chosen, add });
  for (const server of running) server.stop();
}

async function workers(): Promise<void> {
  const { title: _, ...hello } = HTTP['hello'] as TitledPart;
  if (WORKER_PARTS.some(chosen)) await workerParts({ rounds: ROUNDS, time: TIME, hello, chosen, add });
}

async function rooms(): Promise<void> {
  if (ROOM_PARTS.some(chosen)) await roomParts({ rounds: ROUNDS, time: TIME, chosen, add });
}

async function python(): Promise<void> {
  if (!PYTHON_PARTS.some(chosen)) return;
  add(pythonVersions());
  await pythonParts({ rounds: ROUNDS, time: TIME, chosen, add });
}

async function starts(): Promise<void> {
  if (chosen('start')) add(await startPart(Math.max(ROUNDS, 15)));
}

async function memoryParts(): Promise<void> {
  if (chosen('upload')) {
    const { seconds, before, peak } = await measureUpload(GIBIBYTE);
    add(
      `### Multipart upload of 1 GiB through parseForm\n\n${(1024 / seconds).toFixed(0)} MiB/s; ` +
        `resident memory ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at its highest.`,
    );
  }
  if (!chosen('idle')) return;
  const rows = ['### Memory of an idle connection', '', '| kind | server | KiB each |', '|---|---|---|'];
  for (const [kind, title, servers, count] of [
    ['keep-alive', 'keep-alive', ['raw', 'wsgi'], 5000],
    ['websocket', 'websocket', ['rawWebSocket', 'wsgi'], 5000],
    // A context of `ws` takes a quarter of a MiB.
    ['deflate', 'websocket, permessage-deflate', ['rawDeflate', 'wsgi'], 1000],
  ] as const) {
    for (const name of servers) {
      const each = await idleMemory(name, kind, count);
      rows.push(`| ${count.toLocaleString('en')} ${title} | ${name} | ${each.toFixed(1)} |`);
    }
  }
  add(rows.join('\n'));
}

if (!existsSync('/proc/self/stat')) throw new Error('The bench reads CPU time from /proc: it needs Linux');
console.log(`${sections[0]}\n`);
await httpParts();
await echoParts();
await threads();
await workers();
await rooms();
await python();
await memoryParts();
await starts();
if (wanted.length === 0) {
  const results = `# Results\n\n![CPU time of GET hello](../docs/speed.svg)\n\n${sections.join('\n\n')}\n`;
  writeFileSync('bench/RESULTS.md', results);
  drawChart(results);
}
