/** Makes a server listen at the address of its options. */
import type { Server as HttpServer } from 'node:http';
import type { ResolvedOptions } from '../options/options.js';
import { listenError } from './listen-error.js';
import { removeStaleSocket } from './stale-socket.js';

/**
 * Resolves once it listens. A Unix socket that a killed server has left behind is replaced.
 * @throws ConfigError that says why it cannot.
 */
export async function listen(http: HttpServer, options: ResolvedOptions): Promise<void> {
  const { socketPath } = options;
  try {
    await bind(http, options);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code !== 'EADDRINUSE' || socketPath === undefined) throw listenError(failure, options);
    const occupant = await removeStaleSocket(socketPath).catch(() => undefined);
    if (occupant !== 'free') throw listenError(failure, options, occupant);
    await bind(http, options).catch((again) => {
      throw listenError(again, options);
    });
  }
}

function bind(http: HttpServer, { host, port, socketPath, backlog }: ResolvedOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    if (socketPath !== undefined) http.listen({ path: socketPath, backlog }, resolve);
    else if (host === '') http.listen({ port, backlog }, resolve);
    else http.listen({ host, port, backlog }, resolve);
  });
}
