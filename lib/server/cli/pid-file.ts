/** The file that says which process is the server (gunicorn's `--pid`). */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../errors.js';

/**
 * Writes this process's id to `path` and takes the file away when the process exits.
 * @throws ConfigError if the file holds the id of another process that is alive, or cannot be written.
 */
export function writePidFile(path: string): void {
  const owner = ownerOf(path);
  if (owner !== undefined && owner !== process.pid && isAlive(owner)) {
    throw new ConfigError(`Process ${owner}, which the pid file ${path} names, is still running`);
  }
  try {
    writeFileSync(path, `${process.pid}\n`);
  } catch (error) {
    throw new ConfigError(`Cannot write the pid file ${path}: ${(error as Error).message}`);
  }
  process.once('exit', () => {
    // It is no longer ours if a server started since took a file it found stale.
    if (ownerOf(path) === process.pid) rmSync(path, { force: true });
  });
}

function ownerOf(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'latin1').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks (kill(2)).
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
