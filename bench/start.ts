/** What a start costs in CPU time, until a server listens or a test can begin, beside a bare script of `node:http`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './compare.js';
import { CLI } from './server-process.js';

const BARE = `import { createServer } from 'node:http';
createServer((req, res) => res.end('hello')).listen(0, '127.0.0.1', () => console.log('started'));
`;

const APP = `export const app = (environ, start_response) => {
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('hello')];
};
`;

const TEST = `await import(${JSON.stringify(new URL('../../dist/testing/index.js', import.meta.url).href)});
console.log('started');
setInterval(() => {}, 1000);
`;

/** @param rounds of one start of each; two more come before them, so that files and compiled code are cached. */
export async function startPart(rounds: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'wsgi-bench-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const starts: Record<string, string[]> = {
    'node:http': [file('bare.mjs', BARE)],
    'wsgi app.mjs:app': [CLI, `${file('app.mjs', APP)}:app`, '-b', '127.0.0.1:0'],
    "import 'wsgi/testing'": [file('test.mjs', TEST)],
  };
  const costs = new Map(Object.keys(starts).map((name) => [name, [] as number[]]));
  try {
    for (let round = -2; round < rounds; round++) {
      for (const [name, args] of Object.entries(starts)) {
        const cost = await costOf(args);
        if (round >= 0) costs.get(name)?.push(cost);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const bare = median([...(costs.get('node:http') ?? [])]);
  const rows = [...costs].map(([name, all]) => {
    const cost = median([...all]);
    return `| ${name} | ${cost.toFixed(0)} | ${(cost / bare).toFixed(2)} |`;
  });
  return ['### Start', '', '| start | CPU ms | of node:http |', '|---|---|---|', ...rows].join('\n');
}

/** CPU milliseconds of a process until it says that it has started. */
function costOf(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (text: Buffer) => {
      said += text;
      // It may say more before it has ended.
      if (child.killed || !/started/i.test(said)) return;
      resolve(cpuMilliseconds(child.pid as number));
      child.removeAllListeners('exit').kill('SIGKILL');
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`It did not start: ${said}`)));
  });
}

/** All threads of a process; in nanoseconds, where /proc/PID/stat counts hundredths of a second. */
function cpuMilliseconds(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(tasks).map((task) => {
    const [onCpu = '0'] = readFileSync(join(tasks, task, 'schedstat'), 'utf8').split(' ');
    return Number(onCpu);
  });
  return nanoseconds.reduce((total, one) => total + one, 0) / 1e6;
}
