/** What of a file changes when it is saved. */
import { statSync } from 'node:fs';

/**
 * Time of change, inode and size: a save that writes another file and renames it (editors, `sed -i`) has a new inode, even
 * if the clock of the file system is coarse. `''`: there is no such file.
 */
export function fileState(path: string): string {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? `${stats.mtimeMs}:${stats.ino}:${stats.size}` : '';
  } catch {
    return '';
  }
}
