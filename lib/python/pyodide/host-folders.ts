/** The folders of the host in the file system of Pyodide, at the same paths: programs find their files as in any Python. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OWN_FOLDER } from '../../own-files.js';
import type { FileSystem, HostFileSystem } from './runtime.js';

/** Pyodide has its own: Python's library, and no devices or processes. */
const OWN = new Set(['dev', 'lib', 'proc', 'sys']);

// What `open` and `mkdir` ask for by themselves.
const FILE_MODE = 0o666;
const FOLDER_MODE = 0o777;

const processMask = process.umask();

/** Of this thread: Node lets none set that of the process. */
let mask = processMask;

/** Where the Python files of this package are, whatever `/lib` is on the host. */
export const GATEWAY_FOLDER = '/lib/wsgi';

/** The Python files of this package. The build copies them. */
export const GATEWAY_FILES = fileURLToPath(new URL('python/py', OWN_FOLDER));

/** Of them: while they are developed they change without a new version of the package. */
export function gatewayState(): string[] {
  return readdirSync(GATEWAY_FILES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => {
      const { size, mtimeMs } = statSync(join(GATEWAY_FILES, name));
      return `${name} ${size} ${mtimeMs}`;
    });
}

/** Before anything is imported: what was saved in a snapshot knows the files by these paths. */
export function mountHost(files: FileSystem): void {
  keepInodes(files.filesystems.NODEFS);
  keepUmask(files);
  mount(files, GATEWAY_FILES, GATEWAY_FOLDER);
  for (const name of readdirSync('/')) {
    if (!OWN.has(name) && isFolder(`/${name}`)) mount(files, `/${name}`, `/${name}`);
  }
}

/** Emscripten counts files as they are met, in each thread its own way: what is made of their numbers, as ETag, would differ. */
function keepInodes(host: HostFileSystem): void {
  const { getattr } = host;
  if (getattr === undefined) return;
  host.getattr = (stat, node) => {
    let ino: number | undefined;
    const facts = getattr(() => {
      const found = stat();
      ino = found.ino;
      return found;
    }, node);
    return ino === undefined ? facts : { ...facts, ino };
  };
}

/** Emscripten gives files all the permissions that were asked for, and folders what the umask of the process leaves of them. */
function keepUmask(files: FileSystem): void {
  const { chmod, mkdir, open } = files;
  files.mkdir = (path, mode = FOLDER_MODE) => {
    const kept = mode & ~mask;
    const made = mkdir(path, kept);
    if ((kept & processMask) !== 0) chmod(path, kept);
    return made;
  };
  files.open = (path, flags, mode = FILE_MODE) => open(path, flags, mode & ~mask);
}

/** As umask(2): sets it. @returns the one before. */
export function umask(next: number): number {
  const before = mask;
  mask = next & 0o777;
  return before;
}

function mount(files: FileSystem, root: string, path: string): void {
  try {
    files.mkdirTree(path);
    files.mount(files.filesystems.NODEFS, { root }, path);
  } catch {
    // It cannot be read: programs of this user have no use for it.
  }
}

/** Links too: `/bin` may be one. */
function isFolder(path: string): boolean {
  try {
    return lstatSync(path).isDirectory() || statSync(path).isDirectory();
  } catch {
    return false;
  }
}
