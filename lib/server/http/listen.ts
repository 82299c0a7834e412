/**
 * Makes a server listen where its options say, or says in one sentence why it cannot: the one place that opens listeners. The
 * server may be any of Node's; one of `node:net` can pass its connections on to others.
 */
import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect, type ListenOptions, type Server as NetServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { ResolvedOptions } from '../options/options.js';
import { hostLiteral } from './connection.js';
import { notListening, type Place } from './inherited-socket.js';

/** What `listen` has to know. A `descriptor` is looked at first, by `withInherited`. */
export type ListenSettings = Place & Pick<ResolvedOptions, 'backlog'> & { readonly reusePort?: boolean };

/**
 * Resolves once it listens. A Unix socket that a killed server has left is replaced.
 * @throws ConfigError that says why it cannot.
 */
export async function listen(server: NetServer, options: ListenSettings): Promise<void> {
  const { socketPath, descriptor } = options;
  if (options.reusePort) checkReusePort();
  try {
    await bind(server, options);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code !== 'EADDRINUSE' || socketPath === undefined || descriptor !== undefined) {
      throw listenError(failure, options);
    }
    const occupant = await removeStaleSocket(socketPath).catch(() => undefined);
    if (occupant !== 'free') throw listenError(failure, options, occupant);
    await bind(server, options).catch((again) => {
      throw listenError(again, options);
    });
  }
}

function bind(server: NetServer, settings: ListenSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenOptions(settings), () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function listenOptions(settings: ListenSettings): ListenOptions & { reusePort?: boolean; fd?: number } {
  const { host, port, socketPath, descriptor, backlog, reusePort } = settings;
  if (descriptor !== undefined) return { fd: descriptor, backlog };
  if (socketPath !== undefined) return { path: socketPath, backlog };
  return { port, backlog, ...(host !== '' && { host }), ...(reusePort && { reusePort }) };
}

/** Older ones ignore the option. @throws ConfigError */
function checkReusePort(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)) return;
  throw new ConfigError(
    `Option reusePort needs Node 22.12, 23.1 or newer, and this is ${process.versions.node}: leave it out, or let one process share out connections with --workers`,
  );
}

/** What stands where a server wants to listen. */
export type Occupant =
  /** Nothing is there, or nothing any more: try again. */
  | 'free'
  /** A process listens, or that cannot be known. */
  | 'in use'
  /** A file, a folder, a link: not something that a server left. */
  | 'no socket';

/**
 * Removes the socket that a killed server has left at `path`; leaves all else alone. Only a refused connection is proof
 * that no process listens: a full queue, or missing rights, is not.
 */
export async function removeStaleSocket(path: string): Promise<Occupant> {
  const before = lstatSync(path, { throwIfNoEntry: false });
  if (before === undefined) return 'free';
  if (!before.isSocket()) return 'no socket';
  if ((await connectionError(path)) !== 'ECONNREFUSED') return 'in use';
  // Another server may have found it stale as well, and be faster.
  const now = lstatSync(path, { throwIfNoEntry: false });
  if (now === undefined) return 'free';
  if (now.ino !== before.ino || now.ctimeMs !== before.ctimeMs) return 'in use';
  unlinkSync(path);
  return 'free';
}

/** The code of the error that a connection meets; undefined if it is accepted. */
function connectionError(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

function listenError(
  error: NodeJS.ErrnoException,
  { host, port, socketPath, descriptor, reusePort }: ListenSettings,
  occupant?: Occupant,
): ConfigError {
  if (descriptor !== undefined) return notListening(descriptor, error);
  const place = socketPath ?? `${host === '' ? '*' : hostLiteral(host)}:${port}`;
  const folder = socketPath === undefined ? '' : dirname(resolve(socketPath));
  // The system says EACCES where the folder of a socket is missing.
  if (socketPath !== undefined && !isFolder(folder)) {
    return new ConfigError(`${place} cannot be made: there is no folder ${folder}. Create it first`, {
      cause: error,
    });
  }
  const reasons: Record<string, string> = {
    EADDRINUSE:
      occupant === 'no socket'
        ? 'exists and is not a socket, so it is not replaced: choose another path'
        : 'is already in use',
    EACCES:
      port < 1024 && socketPath === undefined
        ? 'may not be used by this user: ports below 1024 are for root'
        : 'may not be used by this user',
    EADDRNOTAVAIL: 'is not a local address',
    ENOTFOUND: 'is not a host that can be found',
    ...(reusePort && { ENOTSUP: 'cannot be shared: this system has no reusePort' }),
  };
  return new ConfigError(
    `${place} ${reasons[error.code ?? ''] ?? `cannot be listened on: ${error.message}`}`,
    {
      cause: error,
    },
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
