/** The file that says which process is the server (gunicorn's `--pid`). */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import { isAlive } from '../workers/child-report.js';

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
    const folder = dirname(resolve(path));
    const hint = existsSync(folder) ? '' : `. There is no folder ${folder}: create it first`;
    throw new ConfigError(`Cannot write the pid file ${path}: ${(error as Error).message}${hint}`);
  }
  process.once('exit', () => {
    // It is no longer ours if a server started since took a file it found stale.
    if (ownerOf(path) === process.pid) remove(path);
  });
}

/** After `--user` the folder may be another user's: what is left is a file that names no process. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    try {
      writeFileSync(path, '');
    } catch {
      // The next to start finds that the process has ended.
    }
  }
}

function ownerOf(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'latin1').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
