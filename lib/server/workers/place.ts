/** Where this process stands: a worker of a parent of ours, one of a user's own `node:cluster`, or alone. */
import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import { isChildOf } from './child-report.js';
import { Channel, type ToParent, type ToWorker, WORKER, type WorkerPlace } from './messages.js';

/** A worker's way to its parent. */
export interface Parent extends WorkerPlace {
  readonly channel: Channel<ToParent, ToWorker>;
}

/** The folder that scripts are started in again: an application may change to another one. */
export const START_FOLDER = process.cwd();

/** Undefined where this process is not a worker. In a thread of a worker it is undefined, too. */
export const parent = isMainThread ? findParent() : undefined;

/** Other processes serve the same application (PEP 3333, `wsgi.multiprocess`). */
export const hasSiblings = parent !== undefined || cluster.isWorker;

function findParent(): Parent | undefined {
  const text = process.env[WORKER];
  if (text === undefined) return undefined;
  // Not for the processes that the application starts, nor if it was one of them that had it from us.
  delete process.env[WORKER];
  const place = JSON.parse(text) as WorkerPlace;
  if (!isChildOf(place.parent) || process.send === undefined) return undefined;
  const channel = new Channel<ToParent, ToWorker>(process);
  // It keeps no process alive: one whose application is never loaded to its end has to be found out.
  process.channel?.unref();
  return { ...place, channel };
}
