/** Why a server cannot listen, in one sentence. */
import { ConfigError } from '../errors.js';
import { hostLiteral } from './connection.js';
import type { ResolvedOptions } from './options.js';
import type { Occupant } from './stale-socket.js';

export function listenError(
  error: NodeJS.ErrnoException,
  { host, port, socketPath }: ResolvedOptions,
  occupant?: Occupant,
): ConfigError {
  const place = socketPath ?? `${host === '' ? '*' : hostLiteral(host)}:${port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE:
      occupant === 'no socket'
        ? 'exists and is not a socket, so it is not replaced: choose another path'
        : 'is already in use',
    EACCES: 'may not be used by this user',
    EADDRNOTAVAIL: 'is no address of this machine',
    ENOTFOUND: 'is no host that can be found',
  };
  return new ConfigError(
    `${place} ${reasons[error.code ?? ''] ?? `cannot be listened on: ${error.message}`}`,
    {
      cause: error,
    },
  );
}
