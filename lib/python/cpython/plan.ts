/** An application on CPython: its processes, and what the start line says of them. */
import { ConfigError } from '../../errors.js';
import type { PythonOptions } from '../options.js';
import type { PoolPlan } from '../pool.js';
import type { PythonTarget } from '../target.js';
import { PythonProcess } from './python-process.js';

const DEFAULT_THREADS = 8;

/** @throws ConfigError where processes cannot have what they need. */
export function cpythonPlan(command: string, target: PythonTarget, options: PythonOptions): PoolPlan {
  if (process.platform === 'win32') {
    throw new ConfigError(
      'CPython as child processes is not supported on Windows yet: use WSL, or npm install pyodide and --python pyodide',
    );
  }
  const { workers, threads = DEFAULT_THREADS } = options;
  const processes = workers === 1 ? '1 process' : `${workers} processes`;
  const each = threads === 1 ? '1 thread' : `${threads} threads`;
  return {
    count: workers,
    start: (events, isAlone) => new PythonProcess(command, target, { ...options, threads }, events, isAlone),
    summary: ({ implementation, version }) => `${implementation} ${version}, ${processes} of ${each}`,
  };
}
