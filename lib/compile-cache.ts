/** What V8 has compiled, kept for the next start of the command in a folder of the user (Node 22.8 and newer). */
import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

interface CompileCache {
  /** Undefined before Node 22.8. Does nothing where NODE_DISABLE_COMPILE_CACHE is set. */
  enableCompileCache?(folder: string): unknown;
}

const { enableCompileCache } = process.getBuiltinModule('node:module') as CompileCache;

const KEY = 'wsgi.compile_cache';
const OWNER_ONLY = 0o700;
const OTHERS_WRITE = 0o022;

/**
 * A tenth less CPU time for a start. Code is read from a folder that others cannot write to, or not at all. Node has its own
 * environment variables: NODE_COMPILE_CACHE names another folder, and NODE_DISABLE_COMPILE_CACHE=1 keeps nothing.
 */
export function keepCompiled(): void {
  const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, NODE_V8_COVERAGE } = process.env;
  if (NODE_COMPILE_CACHE || NODE_DISABLE_COMPILE_CACHE || NODE_V8_COVERAGE) return;
  if (enableCompileCache === undefined) return;
  try {
    const folder = join(userCacheFolder(), 'wsgi', 'compiled');
    // Of another user, as with sudo: files that are written there would belong to root.
    if (!isOurs(homedir())) return;
    mkdirSync(folder, { recursive: true, mode: OWNER_ONLY });
    if (!isOurs(folder)) return;
    enableCompileCache(folder);
    setEnvironmentData(KEY, folder);
  } catch {
    // No home, a file system that cannot be written, a process without the permission: it starts without the cache.
  }
}

/** The cache is on: processes that this one starts are to have it as well. */
export function keepsCompiled(): boolean {
  return getEnvironmentData(KEY) !== undefined;
}

/** The same for a thread: it has a cache of its own. */
export function keepCompiledInThread(): void {
  const folder = getEnvironmentData(KEY);
  if (typeof folder === 'string') enableCompileCache?.(folder);
}

/** Where this user's programs keep what they can make again. @throws SystemError for a user without a home. */
export function userCacheFolder({ XDG_CACHE_HOME = '', LOCALAPPDATA } = process.env): string {
  if (process.platform === 'win32') return LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  if (isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** Windows keeps the folders of users apart by itself. */
function isOurs(folder: string): boolean {
  if (process.getuid === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === process.getuid() && (mode & OTHERS_WRITE) === 0;
}
