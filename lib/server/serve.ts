/** `run`, as in WSocket: serves until the process is told to stop, and keeps the process running meanwhile. */
import { isatty } from 'node:tty';
import { ignore } from '../environ/maybe-promise.js';
import type { Application } from '../environ/types.js';
import { reportRejection } from '../interpreter/report.js';
import { announce, type LogStream, logger } from '../logger.js';
import { openLog } from './log/log-file.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options/options.js';
import { Server } from './server.js';
import { tellServiceManager } from './service-manager.js';
import { handleSignals } from './signals.js';
import { withActivation } from './socket-activation.js';
import type { ThreadEntry } from './threads/shared/thread-data.js';

/**
 * Runs an application until the process is told to stop (see `handleSignals`). An unhandled promise rejection is
 * logged, and does not end the server, as it would by Node's default; neither does a standard stream that takes no more of
 * the log. An exception thrown in a callback does.
 * @param listened see `Server`.
 */
export async function serve(
  application: Application | Application<'blocking'>,
  given: ServerOptions = {},
  entry?: ThreadEntry,
  listened?: () => unknown,
): Promise<Server> {
  if (given.logLevel !== undefined) logger.setLevel(given.logLevel);
  const options = resolveOptions(withActivation(given));
  const log = datedErrors(options);
  const server = new Server(application, options, entry, listened);
  try {
    await server.listening;
  } catch (error) {
    if (logger.stream === log) logger.stream = process.stderr;
    throw error;
  }
  handleSignals(server);
  keepGoing(server);
  announce(`Server started at ${server.address}`, options.logFormat);
  tellServiceManager('READY=1');
  return server;
}

/** Lines on standard error have times, as in a file, where it is not a terminal. The application's own logger uses it as well. */
function datedErrors({ errorLogfile, logFormat }: ResolvedOptions): LogStream | undefined {
  if (errorLogfile !== '-' || logFormat !== 'text' || isatty(2) || logger.stream !== process.stderr)
    return undefined;
  logger.stream = openLog('-', process.stderr, 'text', true);
  return logger.stream;
}

let serving = 0;

/** A rejection, or a log that lost its reader or has a full disk, ends a process by default: not while there is a server. */
function keepGoing(server: Server): void {
  if (serving++ === 0) {
    process.on('unhandledRejection', reportRejection);
    for (const log of [process.stdout, process.stderr]) log.on('error', ignore);
  }
  server.http.once('close', () => {
    if (--serving > 0) return;
    process.removeListener('unhandledRejection', reportRejection);
    // The last lines of the log fail in a later turn.
    setImmediate(() => {
      if (serving > 0) return;
      for (const log of [process.stdout, process.stderr]) log.removeListener('error', ignore);
    });
  });
}
