/** An application on Pyodide: its threads, what they start from, and what they are told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PythonOptions } from '../options.js';
import type { PoolPlan } from '../pool.js';
import type { PythonTarget } from '../target.js';
import { checkConnections } from './connections/check.js';
import { ConnectionsThread } from './connections/connections-thread.js';
import { environmentPackages, packageFolders } from './packages.js';
import { PythonThread } from './python-thread.js';
import { findPyodide, type PyodidePackage } from './runtime.js';
import { planSnapshot } from './snapshot.js';

/** Each has some 100 MB. */
const DEFAULT_THREADS = 4;

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
): PoolPlan {
  const { workerConnections: connections } = options;
  checkConnections(connections);
  const pyodide = findPyodide(folder);
  const packages = environmentPackages(environment, pythonOf(pyodide));
  const installed = packageFolders([...options.pythonpath, ...packages]);
  const { chdir, pythonpath, onFile, threads = DEFAULT_THREADS, workers } = options;
  const count = threads * workers;
  const config = {
    ...target,
    path: [...pythonpath, chdir],
    packages,
    installed: installed.map(({ path, modules }) => [path, modules]),
    threads: connections,
    multiprocess: count > 1,
    watch: onFile !== undefined,
    env: { ...process.env, ...options.env },
    pid: process.pid,
  };
  const snapshot = planSnapshot(pyodide, installed, [target.module, chdir], connections > 1);
  const start = { pyodide, snapshot, connections, chdir, onFile, config: JSON.stringify(config) };
  return {
    count,
    firstAlone: true,
    start: (events) =>
      connections === 1 ? new PythonThread(start, events) : new ConnectionsThread(start, connections, events),
    summary: ({ version }) =>
      `Pyodide ${pyodide.version}, Python ${version}, ${count === 1 ? '1 thread' : `${count} threads`}${connections === 1 ? '' : ` of ${connections} connections`}`,
  };
}

/** `3.14` */
function pythonOf({ folder }: PyodidePackage): string {
  const text = readFileSync(join(folder, 'pyodide-lock.json'), 'utf8');
  const { info } = JSON.parse(text) as { readonly info?: { readonly python?: string } };
  return /^\d+\.\d+/.exec(info?.python ?? '')?.[0] ?? '';
}
