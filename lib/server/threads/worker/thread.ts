/**
 * Makes a thread of the pool one for handlers, as soon as it loads this package. Does nothing in other threads, the main
 * one for instance.
 */
import { isMainThread, workerData } from 'node:worker_threads';
import { reportRejection } from '../../../interpreter/report.js';
import { logger } from '../../../logger.js';
import { blockInSleep } from '../../../sleep.js';
import { describeLoadError, isThreadData } from '../shared/thread-data.js';
import { becomeHost } from './this-thread.js';
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
