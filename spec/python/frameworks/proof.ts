/** The proof: each application is visited, and what came is compared between the server that it had and this one. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../../../lib/porting/compare/compare.js';
import { parseTarget } from '../../../lib/porting/compare/target/target.js';
import type { Difference } from '../../../lib/porting/diff/difference.js';
import type { Result } from '../../../lib/porting/report/result.js';
import { PYTHON } from '../../support/python.js';
import { CLI, NODE_OPTIONS, ROOT } from '../../support/source.js';
import { type Group, type Site, siteOn } from './sites.js';
import { Recording, Visitor } from './visitor.js';

const SITES = join(ROOT, 'spec/python/frameworks/sites');
const FLASKR = join(ROOT, 'examples/python/strangler/flaskr');
/** Pyodide takes long to start on a busy machine, the more so without a snapshot. */
const START_S = 240;
const RESET = 'rm -rf state && cp -a seed state';

/** Where the applications of Python run in our gateway. */
export interface Runtime {
  /** As the table of docs/python.md has it. */
  readonly name: string;
  /** What `--python` gets. */
  readonly python: string;
  /** What the command gets beside. */
  readonly options?: string;
  /** Only sites that this runtime can load. */
  runs(site: Site): boolean;
}

/** What became of one application. */
export interface Proven {
  readonly site: Site;
  readonly results: readonly Result[];
  /** Those that differ, with what differs, unless the site explains it. */
  readonly unexplained: readonly Result[];
}

/** @returns each site of the groups that the runtime can load. */
export async function prove(groups: readonly Group[], runtime: Runtime): Promise<Proven[]> {
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'out/frameworks-'));
  try {
    cpSync(SITES, folder, { recursive: true });
    cpSync(FLASKR, join(folder, 'flaskr'), { recursive: true });
    run('prepare.py', folder);
    roundTimes(folder);
    cpSync(join(folder, 'state'), join(folder, 'seed'), { recursive: true, preserveTimestamps: true });
    const proven: Proven[] = [];
    for (const group of groups) {
      const sites = group.sites
        .filter((site) => runtime.runs(site))
        .map((site) => siteOn(site, runtime.name));
      if (sites.length > 0) proven.push(...(await proveGroup({ ...group, sites }, runtime, folder)));
    }
    return proven;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Files have whole seconds: Node tells Pyodide milliseconds, where CPython has nanoseconds. */
function roundTimes(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const { atimeMs, mtimeMs } = statSync(path);
    utimesSync(path, Math.floor(atimeMs / 1000), Math.floor(mtimeMs / 1000));
  }
}

function proveGroup(group: Group, runtime: Runtime, folder: string): Promise<Proven[]> {
  const command = [process.execPath, ...NODE_OPTIONS, CLI].map((word) => `'${word}'`).join(' ');
  return proveSides(group.sites, {
    folder,
    original: `'${PYTHON}' ${group.server}`,
    candidate: `${command} ${group.target} -b 127.0.0.1:{port} --python '${runtime.python}' ${runtime.options ?? ''}`,
    reset: RESET,
  });
}

/** Commands of the shell, with `{port}`. */
export interface Sides {
  /** Where they run. */
  readonly folder: string;
  readonly original: string;
  readonly candidate: string;
  readonly reset: string;
  readonly ignore?: readonly string[];
}

/** Visits the sites of the original, and compares both sides by that. */
export async function proveSides(sites: readonly Site[], sides: Sides): Promise<Proven[]> {
  // What is a set in Python, as the methods in `Allow` are, has another order with each seed.
  const inFolder = (command: string) => `cd '${sides.folder}' && export PYTHONHASHSEED=0 && ${command}`;
  const [original, candidate, reset] = [sides.original, sides.candidate, sides.reset].map(inFolder) as [
    string,
    string,
    string,
  ];
  spawnSync('sh', ['-c', reset]);
  const recording = await record(sites, original);
  const results: Result[] = [];
  try {
    const onresult = (result: Result) => void results.push(result);
    const { ignore = [] } = sides;
    await compare(recording, { original, candidate, reset, ignore, onresult, startTimeout: START_S });
  } finally {
    recording.spool.close();
  }
  return sites.map((site) => {
    const own = results.filter(({ exchange }) => hostOf(exchange.request.fields).startsWith(`${site.name}.`));
    return { site, results: own, unexplained: own.filter((result) => !isExplained(result, site)) };
  });
}

/** What clients of the original have, in the order of the sites. */
async function record(sites: readonly Site[], original: string): Promise<Recording> {
  const recording = new Recording();
  const server = await parseTarget(original, 'the original').start();
  try {
    for (const site of sites) {
      await site.visit(new Visitor(server.url, hostNameOf(site), recording));
    }
  } finally {
    await server.stop();
  }
  return recording;
}

/**
 * Equal, or known to differ. Whether an answer comes piece by piece is not asked here: a machine that is busy decides it. So it
 * does whether the original's end of a WebSocket comes before its close frame: one of the two it has to be.
 */
function isExplained({ exchange, verdict, differences, drift }: Result, { differs = [] }: Site): boolean {
  if (verdict === 'skipped') return false;
  if (differs.some((known) => known.exchange === nameOf(exchange))) return true;
  const ends = drift.filter(({ kind, where }) => kind === 'websocket' && where === 'close code');
  const isEither = ({ kind, where, candidate }: Difference) =>
    ends.some((one) => one.kind === kind && one.where === where && one.original === candidate);
  return [...differences, ...drift].every(
    (one) => one.kind === 'stream' || ends.includes(one) || isEither(one),
  );
}

export function nameOf({ request }: Result['exchange']): string {
  return `${request.method} ${request.target}`;
}

/** For a person. */
export function describeResult({ exchange, verdict, differences, drift, note }: Result): string {
  const lines = [`${verdict} ${nameOf(exchange)} ${note ?? ''}`, ...differences.map(sentenceOf)];
  return [...lines, ...(drift.length === 0 ? [] : ['  drift', ...drift.map(sentenceOf)])].join('\n');
}

function sentenceOf({ kind, where, original, candidate }: Difference): string {
  return `  ${kind} ${where}: ${original} / ${candidate}`;
}

function hostNameOf({ name }: Site): string {
  return `${name}.example`;
}

function hostOf(fields: readonly (readonly [string, string])[]): string {
  return fields.find(([name]) => name === 'Host')?.[1] ?? '';
}

function run(script: string, cwd: string): void {
  const { status, stderr } = spawnSync(PYTHON, [script], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}
