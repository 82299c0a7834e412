/** An application on Pyodide with many handlers in each thread. */
import { ConfigError } from '../../../errors.js';
import type { PythonOptions } from '../../options.js';
import type { PoolPlan } from '../../pool.js';
import type { PyodidePlan } from '../plan.js';
import { ConnectionsThread } from './connections-thread.js';

/** Node's types have no name for it. */
const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: object };

/** @throws ConfigError where stacks of WebAssembly cannot be switched (JSPI). */
export function checkConnections(): void {
  if (wasm !== undefined && 'Suspending' in wasm) return;
  throw new ConfigError(
    `Option workerConnections needs a Node that can switch stacks of WebAssembly (JSPI), which is 25 or newer, and 24 with --experimental-wasm-jspi; this is ${process.version}`,
  );
}

export function connectionsPlan(plan: PyodidePlan, options: PythonOptions): PoolPlan {
  const { count, firstAlone, start, summary } = plan;
  const { workerConnections, onFile } = options;
  return {
    count,
    firstAlone,
    start: (events) => new ConnectionsThread(start, workerConnections, onFile, events),
    summary: ({ version }) => `${summary(version)}, ${workerConnections} connections in each`,
  };
}
