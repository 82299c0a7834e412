/** What a supervisor and its process have to agree on: their reports, and what counts as a change of a file. */
import { statSync, writeSync } from 'node:fs';

/** Variable of the environment by which a process knows that it has a supervisor: that one's process id. */
export const SUPERVISOR = 'WSGI_SUPERVISOR';

/** What the process says, as lines of JSON. */
export type Report =
  /** It serves. */
  | { readonly ready: true }
  /** It loads this file; `state` is that of the moment before, as `fileState` has it. */
  | { readonly file: string; readonly state: string };

/**
 * Seconds that running requests may go on when the server is stopped, and no longer: an open WebSocket, or a page that
 * waits for events, would else hold up each reload for `gracefulTimeout`.
 */
export const RELOAD_GRACE_S = 1;

/**
 * Whether this process was started by the one that its environment names. It may have that from one that was: then it is on its
 * own. It ends here if the one that started it was killed before it looked: it would be a second server that nobody asked for.
 */
export function isChildOf(supervisor: number): boolean {
  if (supervisor === process.ppid) return true;
  if (!isAlive(supervisor)) process.exit(1);
  return false;
}

/** There is a process with this id. */
export function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks (kill(2)).
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Writes a report to a descriptor, which all threads of a process share. */
export function writeReport(descriptor: number, report: Report): void {
  try {
    writeSync(descriptor, `${JSON.stringify(report)}\n`);
  } catch {
    // The supervisor has ended, and so will this process in a moment.
  }
}

/**
 * What of a file changes when it is saved: time of change, inode and size. A save that writes another file and renames it
 * (editors, `sed -i`) has a new inode, even if the clock of the file system is coarse. `''`: there is no such file.
 */
export function fileState(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? `${stats.mtimeMs}:${stats.ino}:${stats.size}` : '';
  } catch {
    return '';
  }
}
