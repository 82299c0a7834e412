/** An application on Pyodide with many handlers in each thread. */
import type { PythonOptions } from '../../options.js';
import type { PoolPlan } from '../../pool.js';
import type { PyodidePlan } from '../plan.js';
import { ConnectionsThread } from './connections-thread.js';

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
