/** Why a server cannot listen, in one sentence. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import type { ResolvedOptions } from '../options/options.js';
import { hostLiteral } from './connection.js';
import type { Occupant } from './stale-socket.js';

export function listenError(
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
