/** An application on Pyodide: its threads, what they start from, and what they are told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { logger } from '../../logger.js';
import type { PythonOptions } from '../options.js';
import type { PythonTarget } from '../target.js';
import { environmentPackages, packageFolders } from './packages.js';
import { findPyodide, type PyodidePackage } from './runtime.js';
import { isComplete, planSnapshot, whyUnused } from './snapshot.js';
import type { PyodideStart } from './start.js';

/** Deep recursion of Python, and of C: parsers of deep JSON need more than Node gives. */
export const THREAD_LIMITS = { stackSizeMb: 64 };

/** Each has some 100 MB. */
const DEFAULT_THREADS = 4;

export interface PyodidePlan {
  /** How many threads. */
  readonly count: number;
  /** The first of them leaves a snapshot to the others. */
  readonly firstAlone: boolean;
  readonly start: PyodideStart;
  /** One clause for the start line. @param version of Python. */
  summary(version: string): string;
}

/**
 * @param folder of the application.
 * @param environment a virtual environment, whose packages are used if they are for Pyodide's version of Python.
 * @throws ConfigError if Pyodide is not installed.
 */
export function pyodidePlan(
  target: PythonTarget,
  options: PythonOptions,
  folder: string,
  environment: string | undefined,
): PyodidePlan {
  const { workerConnections: connections } = options;
  const pyodide = findPyodide(folder);
  const packages = environmentPackages(environment, pythonOf(pyodide));
  const installed = packageFolders([...options.pythonpath, ...packages]);
  const { chdir, pythonpath, args, onFile, threads = DEFAULT_THREADS, workers } = options;
  const count = threads * workers;
  const env = { ...process.env, ...options.env };
  const config = {
    ...target,
    args,
    path: [...pythonpath, chdir],
    packages,
    installed: installed.map(({ path, modules }) => [path, modules]),
    threads: connections,
    multiprocess: count > 1,
    watch: onFile !== undefined,
    env,
    pid: process.pid,
  };
  const snapshot = planSnapshot(pyodide, installed, [target.module, chdir], connections > 1);
  const unused = snapshot === undefined ? undefined : whyUnused(snapshot, env);
  if (unused !== undefined) logger.debug(unusedText(unused));
  return {
    count,
    firstAlone: snapshot !== undefined && !isComplete(snapshot, env),
    start: { pyodide, snapshot, chdir, config: JSON.stringify(config) },
    summary: (version) =>
      `Pyodide ${pyodide.version}, Python ${version}, ${count === 1 ? '1 thread' : `${count} threads`}`,
  };
}

/** @param name of the variable that packages look for, or `*`. */
function unusedText(name: string): string {
  const what = name === '*' ? 'all variables of the environment' : `the variable ${name}, which is set`;
  return `Pyodide imports the packages at each start: while they are imported they look at ${what}, and no snapshot has that`;
}

/** `3.14` */
function pythonOf({ folder }: PyodidePackage): string {
  const text = readFileSync(join(folder, 'pyodide-lock.json'), 'utf8');
  const { info } = JSON.parse(text) as { readonly info?: { readonly python?: string } };
  return /^\d+\.\d+/.exec(info?.python ?? '')?.[0] ?? '';
}
