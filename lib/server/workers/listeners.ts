/** The listeners of a parent: opened once, and held for as long as it lives, whatever becomes of its workers. */
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { logger } from '../../logger.js';
import { listen } from '../http/listen.js';
import { withoutServer } from '../http/node-internals.js';
import type { ResolvedOptions } from '../options/options.js';

/**
 * Opens what the options name.
 * @param accept gets each connection; nothing is read of it.
 * @throws ConfigError that says why one cannot be opened: the others are closed.
 */
export async function openListeners(
  options: ResolvedOptions,
  accept: (socket: Socket) => void,
): Promise<readonly NetServer[]> {
  // Half open: a client that has sent its request and its end is still to be answered.
  const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  // Those that wait for a worker are held here; the kernel has room for as many again.
  listener.maxConnections = options.backlog;
  let dropping = false;
  listener.on('drop', () => {
    if (!dropping) {
      logger.warning(`${options.backlog} connections wait for a worker (backlog): more are closed`);
    }
    dropping = true;
  });
  listener.on('connection', (socket) => {
    dropping = false;
    withoutServer(socket);
    // What becomes of it is the worker's to know.
    socket.on('error', () => socket.destroy());
    accept(socket);
  });
  await listen(listener, options);
  return [listener];
}
