/**
 * Permissions of the files that Python creates: Emscripten gives them all that was asked for, and Node lets no thread set the
 * umask of the process. Each thread has its own, which begins as that of the process.
 */
import type { FileSystem } from './runtime.js';

const ALL = 0o777;
/** What `open` asks for by itself. */
const FILE = 0o666;

let mask = process.umask();

export function keepUmask(files: FileSystem): void {
  const { mkdir, open } = files;
  files.mkdir = (path, mode = ALL) => mkdir(path, mode & ~mask);
  files.open = (path, flags, mode = FILE) => open(path, flags, mode & ~mask);
}

/** As umask(2): sets it. @returns the one before. */
export function umask(next: number): number {
  const before = mask;
  mask = next & ALL;
  return before;
}
