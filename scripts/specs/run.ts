/**
 * Runs the specs, several files at once, on one Node or more side by side, and says at the end what failed.
 *
 *     npm run spec -- [--also PATH]... [--jobs N] [--times] [FILE or FOLDER]...
 *
 * It is the Node that runs this, and also those of these paths. `--times` tells which files take long. The last line
 * counts: `N passed, N failed`, and `N skipped` if any were.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Result } from './messages.js';
import { mirror } from './mirror.js';
import { isLast, type Job, needsPython, planOf } from './plan.js';
import { Report } from './report.js';
import { SpecProcess } from './spec-process.js';

const ROOT = process.cwd();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    also: { type: 'string', multiple: true, default: [] },
    // Many specs wait for something: three more than there are cores keep these busy.
    jobs: { type: 'string', default: String(availableParallelism() + 3) },
    times: { type: 'boolean', default: false },
  },
});

mirror(ROOT, join(ROOT, 'out'));
const files = specFiles(positionals);
if (files.length === 0) throw new Error(`There is no spec file in ${positionals.join(', ')}`);
const nodes = [process.execPath, ...values.also];
const plan = planOf(files, nodes.length);
const report = new Report(nodes.map(versionOf), plan.together.length + plan.apart.length);
const idle = nodes.map((): SpecProcess[] => []);
const busy = new Map<SpecProcess, string>();
process.once('SIGINT', stop).once('SIGTERM', stop);
const environment = files.some(needsPython) ? makeEnvironment() : undefined;
await work(plan.together, Number(values.jobs));
await endAll();
// They wait for most of their time, and measure what it takes.
await work(plan.apart, Math.max(1, Number(values.jobs) - 2));
await endAll();
report.print(values.times);
process.exitCode = report.failed ? 1 : 0;

/** Each job as soon as one of `width` is done. */
async function work(jobs: readonly Job[], width: number): Promise<void> {
  const left = jobs[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const { file, node } of left) report.add(node, await run(file, node));
    }),
  );
}

async function run(file: string, node: number): Promise<Result> {
  if (needsPython(file)) await environment;
  const free = idle[node] ?? [];
  const one = free.pop() ?? new SpecProcess(nodes[node] ?? process.execPath);
  busy.set(one, file);
  const result = await one.run(file);
  busy.delete(one);
  if (one.usable && !isLast(file)) free.push(one);
  else await end(node, one);
  return result;
}

/** Takes a minute where it has to be made, in which others run. What goes wrong is said by the specs that need it. */
async function makeEnvironment(): Promise<void> {
  const script = join(ROOT, 'out', 'scripts', 'specs', 'python-environment.js');
  const child = spawn(process.execPath, [script], { stdio: 'inherit' });
  process.once('exit', () => child.kill());
  await once(child, 'exit');
}

async function endAll(): Promise<void> {
  await Promise.all(idle.flatMap((processes, node) => processes.splice(0).map((one) => end(node, one))));
}

async function end(node: number, one: SpecProcess): Promise<void> {
  const complaint = await one.end();
  if (complaint !== undefined) report.add(node, complaint);
}

/** Says what there is to say so far. */
function stop(signal: string): void {
  for (const one of [...busy.keys(), ...idle.flat()]) one.kill();
  report.print(values.times);
  console.log(`${signal} came while these ran: ${[...busy.values()].join(', ')}`);
  process.exit(1);
}

/** @param chosen paths that these begin with; all if there are none. */
function specFiles(chosen: readonly string[]): string[] {
  return readdirSync(join(ROOT, 'spec'), { recursive: true, encoding: 'utf8' })
    .map((file) => `spec/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.spec.ts'))
    .filter((file) => chosen.length === 0 || chosen.some((path) => file.startsWith(path)));
}

function versionOf(node: string): string {
  const { stdout, error } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`There is no Node at ${node}`, { cause: error });
  return `Node ${stdout.trim().slice(1)}`;
}
