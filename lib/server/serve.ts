/** `run`, as in WSocket: serves until the process is told to stop, and keeps the process running meanwhile. */
import cluster from 'node:cluster';
import { isatty } from 'node:tty';
import { ignore } from '../environ/maybe-promise.js';
import type { Application } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { reportRejection } from '../interpreter/report.js';
import { announce, type LogStream, logger } from '../logger.js';
import { openLog } from './log/log-file.js';
import {
  type ResolvedOptions,
  refusePythonOptions,
  resolveOptions,
  type ServerOptions,
} from './options/options.js';
import { Server } from './server.js';
import { findServiceManager, tellServiceManager } from './service-manager.js';
import { handleSignals } from './signals.js';
import { withActivation } from './socket-activation.js';
import { thisScript } from './threads/io/start-worker.js';
import type { ThreadEntry } from './threads/shared/thread-data.js';
import { parent, START_FOLDER } from './workers/place.js';
import type { ServerCommand } from './workers/server-process.js';
import { serveAsWorker } from './workers/worker.js';

/** Beside the options: how the command has an application served. */
export interface ServeOptions {
  /** Where threads find the application; default: the script that this process runs. */
  readonly entry?: ThreadEntry | undefined;
  /** Starts a worker; default: this script. */
  readonly command?: ServerCommand | undefined;
  /** Called once it listens, before the application is loaded elsewhere. */
  readonly listened?: (() => unknown) | undefined;
  /** After the address that is announced. */
  readonly note?: string | undefined;
}

/**
 * Runs an application until the process is told to stop (see `handleSignals`). An unhandled promise rejection is
 * logged, and does not end the server, as it would by Node's default; neither does a standard stream that takes no more of
 * the log. An exception thrown in a callback does.
 * @param note for the end of the line that says where it listens.
 */
export async function serve(
  application: Application | Application<'blocking'>,
  given: ServerOptions = {},
  { entry, command, listened, note }: ServeOptions = {},
): Promise<Server> {
  if (given.logLevel !== undefined) logger.setLevel(given.logLevel);
  const options = resolveOptions(withActivation(given));
  refusePythonOptions(options);
  const log = datedErrors(options);
  const undated = () => {
    if (logger.stream === log) logger.stream = process.stderr;
  };
  try {
    const server = await begin(application, options, { entry, command, listened, note });
    void server.serveForever().then(undated);
    return server;
  } catch (error) {
    undated();
    throw error;
  }
}

function begin(
  application: Application | Application<'blocking'>,
  options: ResolvedOptions,
  { entry, command, listened, note }: ServeOptions,
): Promise<Server> {
  if (options.workers === undefined) return serveAlone(application, options, { entry, listened, note });
  if (parent !== undefined) return serveAsWorker(parent, application, options, { entry, listened });
  return serveWithWorkers(application, options, command, listened);
}

async function serveAlone(
  application: Application | Application<'blocking'>,
  options: ResolvedOptions,
  { entry, listened, note = '' }: ServeOptions,
): Promise<Server> {
  const server = new Server(application, options, entry, { listened });
  // Already while the first thread loads: what a signal does by default leaves the files of --pid and of a Unix socket.
  handleSignals(server);
  await server.listening;
  keepGoing(server);
  announce(`Server started at ${server.address}${note}`, options.logFormat);
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

/** This process holds the address, and has others serve. @param command that starts a worker; default: this script. */
async function serveWithWorkers(
  application: Application | Application<'blocking'>,
  options: ResolvedOptions,
  command: ServerCommand = scriptCommand(),
  listened?: () => unknown,
): Promise<Server> {
  checkPlace();
  // Most servers have no workers, and start faster without what a parent does.
  const { ParentFront } = await import('./workers/parent-front.js');
  findServiceManager();
  const front = new ParentFront(command, options, listened);
  const server = new Server(application, options, undefined, { front });
  const { status } = server;
  if (status !== undefined) front.ownStatus = () => status.read();
  // Already while the first worker loads, as above.
  handleSignals(server, {
    SIGHUP: () => front.crew?.reload(),
    SIGTTIN: () => front.crew?.change(1),
    SIGTTOU: () => front.crew?.change(-1),
    // After all others that listen: with --user, the new files are given to the user first.
    SIGUSR1: () => queueMicrotask(() => front.crew?.reopenLogs()),
  });
  await server.listening;
  keepGoing(server);
  const { workers } = options;
  announce(
    `Server started at ${server.address} (${workers} worker${workers === 1 ? '' : 's'})`,
    options.logFormat,
  );
  tellServiceManager('READY=1');
  return server;
}

function scriptCommand(): ServerCommand {
  return { ...thisScript('workers', 'worker'), argv: process.argv.slice(2), folder: START_FOLDER };
}

/** @throws ConfigError where there can be no workers. */
function checkPlace(): void {
  if (process.platform === 'win32') {
    throw new ConfigError(
      'Option workers does not work on Windows: it needs sockets that processes can share',
    );
  }
  if (cluster.isWorker) {
    throw new ConfigError('Option workers does not go with node:cluster: this process is a worker already');
  }
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
