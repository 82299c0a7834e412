/** `run`, as in WSocket: serves until the process is told to stop, and keeps the process running meanwhile. */
import { ignore } from '../environ/maybe-promise.js';
import type { Application } from '../environ/types.js';
import { reportRejection } from '../interpreter/report.js';
import { logger } from '../logger.js';
import { resolveOptions, type ServerOptions } from './options/options.js';
import { Server } from './server.js';
import { handleSignals } from './signals.js';
import type { ThreadEntry } from './threads/shared/thread-data.js';

/**
 * Runs an application until the process is told to stop (see `handleSignals`). An unhandled promise rejection is
 * logged, and does not end the server, as it would by Node's default; neither does a standard stream that takes no more of
 * the log. An exception thrown in a callback does.
 * @param note for the end of the line that says where it listens.
 */
export async function serve(
  application: Application | Application<'blocking'>,
  given: ServerOptions = {},
  entry?: ThreadEntry,
  note = '',
): Promise<Server> {
  if (given.logLevel !== undefined) logger.setLevel(given.logLevel);
  const server = new Server(application, resolveOptions(given), entry);
  await server.listening;
  handleSignals(server);
  keepGoing(server);
  console.log(`Server started at ${server.address}${note}`);
  return server;
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
