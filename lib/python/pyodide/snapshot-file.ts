/**
 * The folder of the user where the memory of a Python that has started is kept, so that the next one starts faster. What is in
 * such a file runs: nobody else may be able to write it, or read it, for it holds the seed of Python's hashes.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { userCacheFolder } from '../../compile-cache.js';

/** Each has 30 MB and more. */
const MOST_FILES = 8;

/**
 * Where snapshots are kept. `WSGI_CACHE_DIR` says another folder; empty: none.
 * @returns undefined where there is no folder that belongs to this user alone.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { WSGI_CACHE_DIR: own } = env;
  if (own === '') return undefined;
  try {
    const base = own ?? userCacheFolder(env);
    if (!isAbsolute(base)) return undefined;
    const folder = join(base, 'wsgi-pyodide');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = lstatSync(folder);
    return stats.isDirectory() && isPrivate(stats) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** A name of all that must be the same for a snapshot to be of use. */
export function keyOf(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}

/** @returns undefined if it is not there, was cut short, or is not this user's alone. */
export function readCached(folder: string, name: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    const path = join(folder, name);
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || !isPrivate(stats) || stats.nlink !== 1) return undefined;
    const bytes = readFileSync(descriptor);
    // The files that were used last are kept.
    utimesSync(path, new Date(), new Date());
    return bytes;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whole or not at all. Without room on the disk there is no snapshot, which is not a fault. */
export function writeCached(folder: string, name: string, bytes: Uint8Array | string): void {
  const path = join(folder, `${name}.${randomUUID()}`);
  try {
    writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
    renameSync(path, join(folder, name));
    removeOld(folder);
  } catch {
    rmSync(path, { force: true });
  }
}

export function removeCached(folder: string, name: string): void {
  rmSync(join(folder, name), { force: true });
}

function removeOld(folder: string): void {
  const files = readdirSync(folder).map((name) => ({ name, used: statSync(join(folder, name)).mtimeMs }));
  files.sort((a, b) => b.used - a.used);
  for (const { name } of files.slice(2 * MOST_FILES)) rmSync(join(folder, name), { force: true });
}

/** Of this user, and nobody else can read or write it. */
function isPrivate({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}
