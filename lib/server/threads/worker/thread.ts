/**
 * Makes a thread of the pool one for handlers, as soon as it loads this package: `run()` then attaches the application to
 * it instead of listening. Does nothing in other threads, for instance the main one.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import type { BlockingApplication } from '../../../environ/types.js';
import { reportRejection } from '../../../interpreter/report.js';
import { logger } from '../../../logger.js';
import { blockInSleep } from '../../../sleep.js';
import { setTopicsHere } from '../../../subscription.js';
import { ASIDE_KIND, describeLoadError, isThreadData, type ThreadData } from '../shared/thread-data.js';
import { ThreadHost } from './thread-host.js';
import { writeAtOnce } from './thread-output.js';

const host = !isMainThread && isThreadData(workerData) ? becomeHost(workerData) : undefined;
const isAside = !isMainThread && (workerData as Partial<ThreadData> | null)?.kind === (ASIDE_KIND as string);

function becomeHost(data: ThreadData): ThreadHost {
  writeAtOnce();
  logger.setLevel(data.log.level);
  const created = new ThreadHost(data);
  blockInSleep((milliseconds) => created.sleep(milliseconds));
  setTopicsHere(created.topics);
  // As on the main thread: a promise that one handler left to reject does not end the others.
  process.on('unhandledRejection', (reason) => {
    if (created.attached) reportRejection(reason);
    else failThread(reason);
  });
  return created;
}

/**
 * True if this thread is one for handlers, and has the application now, or if it serves nothing. The script that called `run()` goes no further
 * there: the code after `await run()` is for the main thread.
 */
export function attachToThread(
  application: unknown,
  environ: Readonly<Record<string, unknown>> | undefined,
): boolean {
  host?.attach(application as BlockingApplication, environ);
  return host !== undefined || isAside;
}

/** This thread could not load its application. */
export function failThread(error: unknown): void {
  host?.say({ failed: describeLoadError(error) });
}
