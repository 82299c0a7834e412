/**
 * Makes a thread of the pool one for handlers, as soon as it loads this package. Does nothing in other threads, the main
 * one for instance.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { logger } from '../../logger.js';
import { blockInSleep } from '../../sleep.js';
import { reportRejection } from '../report.js';
import { describeLoadError } from './load-error.js';
import { becomeHost } from './this-thread.js';
import { isThreadData } from './thread-data.js';
import { ThreadHost } from './thread-host.js';
import { writeAtOnce } from './thread-output.js';

if (!isMainThread && isThreadData(workerData)) {
  writeAtOnce();
  logger.setLevel(workerData.logLevel);
  const host = new ThreadHost(workerData);
  becomeHost(host);
  blockInSleep((milliseconds) => host.sleep(milliseconds));
  // As on the main thread: a promise that one handler left to reject does not end the others.
  process.on('unhandledRejection', (reason) => {
    if (host.attached) reportRejection(reason);
    else host.say({ failed: describeLoadError(reason) });
  });
}
