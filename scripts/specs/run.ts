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
import { runJobs, type Width } from './pool.js';
import { Report } from './report.js';
import { SpecProcess } from './spec-process.js';

const ROOT = process.cwd();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    also: { type: 'string', multiple: true, default: [] },
    jobs: { type: 'string', default: String(availableParallelism() + 3) },
    times: { type: 'boolean', default: false },
  },
});

mirror(ROOT, join(ROOT, 'out'));
const files = specFiles(positionals);
if (files.length === 0) throw new Error(`There is no spec file in ${positionals.join(', ')}`);
const nodes = [process.execPath, ...values.also];
const plan = planOf(files, nodes.length);
const report = new Report(nodes.map(versionOf), plan.length);
/** Those beside many others, and those beside few, of each Node. */
const idle = { together: nodes.map((): SpecProcess[] => []), apart: nodes.map((): SpecProcess[] => []) };
const busy = new Map<SpecProcess, string>();
process.once('SIGINT', stop).once('SIGTERM', stop);
const environment = files.some(needsPython) ? makeEnvironment() : undefined;
await runJobs(plan, widthOf, async (job) => report.add(job.node, await run(job)));
await Promise.all([endAll(idle.together), endAll(idle.apart)]);
report.print(values.times);
process.exitCode = report.failed ? 1 : 0;

/** Many specs wait for something, so that more of them than there are cores keep these busy. */
function widthOf({ apart }: Job): Width {
  const jobs = Number(values.jobs);
  const least = apart ? Math.max(1, jobs - 2) : jobs;
  return { least, most: jobs === 1 ? 1 : 2 * least };
}

async function run({ file, node, apart }: Job): Promise<Result> {
  if (needsPython(file)) await environment;
  // What was told to measure is to have the machine, and the memory, for itself.
  const ended = apart ? endAll(idle.together) : undefined;
  const free = (apart ? idle.apart : idle.together)[node] ?? [];
  const one = free.pop() ?? new SpecProcess(nodes[node] ?? process.execPath);
  busy.set(one, file);
  const result = await one.run(file);
  busy.delete(one);
  if (one.usable && !isLast(file)) free.push(one);
  else await end(node, one);
  await ended;
  return result;
}

/** Takes a minute where it has to be made, in which others run. What goes wrong is said by the specs that need it. */
async function makeEnvironment(): Promise<void> {
  const script = join(ROOT, 'out', 'scripts', 'specs', 'python-environment.js');
  const child = spawn(process.execPath, [script], { stdio: 'inherit' });
  process.once('exit', () => child.kill());
  await once(child, 'exit');
}

async function endAll(processes: readonly SpecProcess[][]): Promise<void> {
  await Promise.all(processes.flatMap((some, node) => some.splice(0).map((one) => end(node, one))));
}

async function end(node: number, one: SpecProcess): Promise<void> {
  const complaint = await one.end();
  if (complaint !== undefined) report.add(node, complaint);
}

/** Says what there is to say so far. */
function stop(signal: string): void {
  for (const one of [...busy.keys(), ...idle.together.flat(), ...idle.apart.flat()]) one.kill();
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
