/** Makes a server listen at the address of its options, or says in one sentence why it cannot. */

import { lstatSync, statSync, unlinkSync } from 'node:fs';
import { connect, type Server as NetServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { ResolvedOptions } from '../options/options.js';
import { hostLiteral } from './connection.js';

/**
 * Resolves once it listens. A Unix socket that a killed server has left is replaced.
 * @throws ConfigError that says why it cannot.
 */
export async function listen(server: NetServer, options: ResolvedOptions): Promise<void> {
  const { socketPath } = options;
  try {
    await bind(server, options);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code !== 'EADDRINUSE' || socketPath === undefined) throw listenError(failure, options);
    const occupant = await removeStaleSocket(socketPath).catch(() => undefined);
    if (occupant !== 'free') throw listenError(failure, options, occupant);
    await bind(server, options).catch((again) => {
      throw listenError(again, options);
    });
  }
}

function bind(server: NetServer, { host, port, socketPath, backlog }: ResolvedOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    if (socketPath !== undefined) server.listen({ path: socketPath, backlog }, resolve);
    else if (host === '') server.listen({ port, backlog }, resolve);
    else server.listen({ host, port, backlog }, resolve);
  });
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
  { host, port, socketPath }: ResolvedOptions,
  occupant?: Occupant,
): ConfigError {
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
