/** A Unix socket whose server is gone: the file is there, and nobody listens. */
import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';

/** What stands where a server wants to listen. */
export type Occupant =
  /** Nothing is there, or nothing any more: try again. */
  | 'free'
  /** Somebody listens, or it cannot be told. */
  | 'in use'
  /** A file, a folder, a link: nothing that a server left behind. */
  | 'no socket';

/**
 * Removes the socket that a killed server has left at `path`; leaves all else alone. Only a refused connection is proof
 * that nobody listens: a full queue, or a lack of rights, is not.
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

/** The code of the error that a connection meets; undefined if somebody answers. */
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
