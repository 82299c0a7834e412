/** Python's `wsgiref.util.shift_path_info`: walks a path segment by segment, as a router of applications does. */
import { posix } from 'node:path';
import { type LooseEnviron, stringOf } from './loose-environ.js';

/**
 * Moves one segment from PATH_INFO to SCRIPT_NAME and returns it; null if none is left. Empty segments and `.` are
 * skipped, but for the last: `/x/` gives `x`, then `''`, so that an application can tell it from `/x`.
 * `..` is a segment, which takes one from SCRIPT_NAME.
 */
export function shiftPathInfo(environ: LooseEnviron): string | null {
  const path = stringOf(environ, 'PATH_INFO');
  // `OPTIONS *` has a path without a slash, and no segments.
  if (path === '' || path === '*') return null;
  const [first = '', ...segments] = path.split('/');
  const last = segments.pop();
  if (last === undefined) throw new TypeError(`PATH_INFO must begin with a slash: ${JSON.stringify(path)}`);
  const [name = '', ...rest] = [...segments.filter((segment) => segment !== '' && segment !== '.'), last];
  environ['SCRIPT_NAME'] = join(stringOf(environ, 'SCRIPT_NAME'), name);
  environ['PATH_INFO'] = [first, ...rest].join('/');
  return name === '.' ? null : name;
}

/** One slash at the front, also of `//a`: there `os.path.normpath` keeps two, for the sake of POSIX file names. */
function join(scriptName: string, name: string): string {
  const path = posix.normalize(`${scriptName}/${name}`).replace(/\/$/, '');
  return name === '' ? `${path}/` : path;
}
