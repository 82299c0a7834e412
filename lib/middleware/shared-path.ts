/** From a request path to a file that may be served: nothing outside of what is shared, nothing hidden. */
import type { BigIntStats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { nativeToText, textToNative } from '../environ/native-string.js';

/** What may be looked for. */
export interface PathRules {
  readonly dotFiles: boolean;
  readonly followLinks: boolean;
}

export interface SharedFile {
  /** Absolute, and not a link. */
  readonly path: string;
  readonly stats: BigIntStats;
}

const WINDOWS = sep === '\\';
/** Drives, streams and wildcards; ends that Windows drops; short names, which hide a dot: `GIT~1`. */
const UNSAFE_ON_WINDOWS = /[<>:"|?*]|[. ]$|~\d/;

/** What the system answers for a file that is not there, or not for us. */
const NOT_THERE: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EACCES',
  'EPERM',
  'ELOOP',
  'ENAMETOOLONG',
]);

/**
 * The names in the part of PATH_INFO below a prefix: `['a', 'b.txt']` of `/a/b.txt`. Undefined if it holds one that is
 * not the name of a file: `..`, an empty one, a backslash, NUL, bytes that are not UTF-8. PATH_INFO is decoded, so
 * `%2e%2e` and `%2F` need no care here.
 */
export function fileNames(path: string, { dotFiles }: PathRules): string[] | undefined {
  if (path === '') return [];
  const text = nativeToText(path);
  if (textToNative(text) !== path) return undefined;
  const names = text.slice(1).split('/');
  return names.every((name) => isFileName(name, dotFiles)) ? names : undefined;
}

function isFileName(name: string, dotFiles: boolean): boolean {
  if (name === '' || name === '.' || name === '..' || /[\\\0]/.test(name)) return false;
  if (!dotFiles && name.startsWith('.')) return false;
  return !WINDOWS || !UNSAFE_ON_WINDOWS.test(name);
}

/**
 * The file or folder of these names below `root`, or `root` itself; undefined if there is none. A link that leads out
 * of `root` counts as none, unless links are followed; that `root` itself is a link does not matter.
 */
export async function findShared(
  root: string,
  names: readonly string[],
  { followLinks }: PathRules,
): Promise<SharedFile | undefined> {
  try {
    const path = await realpath(join(root, ...names));
    if (names.length > 0 && !followLinks && !isBelow(path, await realpath(root))) return undefined;
    return { path, stats: await stat(path, { bigint: true }) };
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

function isBelow(path: string, root: string): boolean {
  return path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** True for an error that means the same as a file that does not exist. */
export function isNotThere(error: unknown): boolean {
  return NOT_THERE.has((error as NodeJS.ErrnoException | undefined)?.code);
}
