/**
 * `npm run bench`: measures, prints tables and writes bench/RESULTS.md. Needs Linux (/proc).
 * `npm run bench -- hello echo` runs only those parts; `BENCH_ROUNDS` and `BENCH_MS` shorten or lengthen them.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { Comparison } from './compare.js';
import { type HttpPart, httpLoad } from './http-load.js';
import { idleMemory } from './idle.js';
import { pythonServers } from './python-servers.js';
import { comparisonTable, machineFacts } from './report.js';
import { ServerProcess } from './server-process.js';
import { THREAD_PARTS, threadParts } from './threads.js';
import { measureUpload } from './upload.js';
import { type WebSocketLoad, webSocketLoad } from './websocket-load.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
const TIME = Number(process.env['BENCH_MS'] ?? 1500);
const NODE_SERVERS = ['raw', 'wsgi', 'fastify', 'hono', 'koa', 'express'];
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
const EACH = Math.ceil(ROUNDS / GENERATIONS);

async function httpParts(): Promise<void> {
  const parts = Object.entries(HTTP).filter(([part]) => chosen(part));
  if (parts.length === 0) return;
  const comparisons = parts.map(([, { title, ...load }]) => ({ title, load, comparison: new Comparison() }));
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const node = await Promise.all(NODE_SERVERS.map((name) => ServerProcess.node(name)));
    const { running, missing } = await pythonServers();
    if (generation === 0 && missing.length > 0) {
      add(`Not installed here, so not measured: ${missing.join(', ')}.`);
    }
    for (const { load, comparison } of comparisons) {
      await comparison.measure([...node, ...running], EACH, ({ port }) =>
        httpLoad(port, { ...load, time: TIME }),
      );
    }
    for (const server of [...node, ...running]) server.stop();
  }
  for (const { title, comparison } of comparisons) add(comparisonTable(title, comparison.results));
}

async function echoParts(): Promise<void> {
  const parts = Object.entries(ECHO).filter(([part]) => chosen(part));
  if (parts.length === 0) return;
  const comparisons = parts.map(([, { title, ...load }]) => ({ title, load, comparison: new Comparison() }));
  for (let generation = 0; generation < GENERATIONS; generation++) {
    const servers = await Promise.all(['rawWebSocket', 'wsgi'].map((name) => ServerProcess.node(name)));
    for (const { load, comparison } of comparisons) {
      await comparison.measure(servers, EACH, ({ name, port }) =>
        webSocketLoad(port, { ...load, time: TIME, path: name === 'wsgi' ? '/ws' : '/' }),
      );
    }
    for (const server of servers) server.stop();
  }
  for (const { title, comparison } of comparisons) add(comparisonTable(title, comparison.results));
}

async function threads(): Promise<void> {
  if (!THREAD_PARTS.some(chosen)) return;
  const { title: _, ...hello } = HTTP['hello'] as TitledPart;
  const { running } = await pythonServers();
  await threadParts({ rounds: ROUNDS, time: TIME, hello, python: running, chosen, add });
  for (const server of running) server.stop();
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
  for (const [kind, servers] of [
    ['keep-alive', ['raw', 'wsgi']],
    ['websocket', ['rawWebSocket', 'wsgi']],
  ] as const) {
    for (const name of servers) {
      rows.push(`| 5,000 ${kind} | ${name} | ${(await idleMemory(name, kind, 5000)).toFixed(1)} |`);
    }
  }
  add(rows.join('\n'));
}

if (!existsSync('/proc/self/stat')) throw new Error('The bench reads CPU time from /proc: it needs Linux');
console.log(`${sections[0]}\n`);
await httpParts();
await echoParts();
await threads();
await memoryParts();
if (wanted.length === 0) writeFileSync('bench/RESULTS.md', `# Results\n\n${sections.join('\n\n')}\n`);
