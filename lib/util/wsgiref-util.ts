/** Python's `wsgiref.util`: what a request's URL is, whole and segment by segment; which headers are the server's. */
import { posix } from 'node:path';
import { inspect } from 'node:util';
import { quoteNative } from '../environ/native-string.js';
import { isHopByHop as isOurs } from '../environ/syntax.js';

/** An `Environ` is one, and so is `{ PATH_INFO: '/x' }`. */
export type LooseEnviron = Record<string, unknown>;

/** The string under `key`; `''` if it is absent, undefined or null (Python's None). @throws TypeError otherwise. */
function stringOf(environ: Readonly<LooseEnviron>, key: string): string {
  const value = environ[key] ?? '';
  if (typeof value !== 'string')
    throw new TypeError(`${key} of environ must be a string, not ${inspect(value)}`);
  return value;
}

/** The same, for a key that must be there. @throws TypeError, where Python has a KeyError. */
function requiredString(environ: Readonly<LooseEnviron>, key: string): string {
  if (environ[key] === undefined || environ[key] === null) throw new TypeError(`environ has no ${key}`);
  return stringOf(environ, key);
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Not escaped: the unreserved characters of RFC 3986, and what a path may hold (`urllib.parse.quote`). */
const QUOTED = /[^A-Za-z0-9_.~/-]/g;
const QUOTED_IN_PATH_INFO = /[^A-Za-z0-9_.~/;=,-]/g;

/**
 * Where the application is: `http://host/script`. Trusts `HTTP_HOST`, which a client may set to anything.
 * @throws TypeError if wsgi.url_scheme, or without HTTP_HOST also SERVER_NAME or SERVER_PORT, is missing.
 */
export function applicationUri(environ: Readonly<LooseEnviron>): string {
  const scheme = requiredString(environ, 'wsgi.url_scheme');
  const host = stringOf(environ, 'HTTP_HOST') || serverHost(environ, scheme);
  return `${scheme}://${host}${quoteNative(stringOf(environ, 'SCRIPT_NAME') || '/', QUOTED)}`;
}

/** The URL of the request. The query stays as it was sent. @throws TypeError as `applicationUri` does. */
export function requestUri(environ: Readonly<LooseEnviron>, includeQuery = true): string {
  let uri = applicationUri(environ);
  const path = quoteNative(stringOf(environ, 'PATH_INFO'), QUOTED_IN_PATH_INFO);
  // Without SCRIPT_NAME, the application's URL ends in the slash that the path begins with.
  uri += stringOf(environ, 'SCRIPT_NAME') === '' ? path.slice(1) : path;
  const query = stringOf(environ, 'QUERY_STRING');
  return includeQuery && query !== '' ? `${uri}?${query}` : uri;
}

function serverHost(environ: Readonly<LooseEnviron>, scheme: string): string {
  const name = requiredString(environ, 'SERVER_NAME');
  const port = requiredString(environ, 'SERVER_PORT');
  const usual = DEFAULT_PORTS[scheme === 'https' ? 'https' : 'http'];
  return port === usual ? name : `${name}:${port}`;
}

/**
 * Python's `shift_path_info`: moves one segment from PATH_INFO to SCRIPT_NAME and returns it; null if none is left.
 * Empty segments and `.` are skipped, except at the end: `/x/` gives `x`, then `''`, so that an application can tell it
 * from `/x`. `..` is a segment, which takes one from SCRIPT_NAME.
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

/**
 * What our gateway refuses in a response and wsgiref does not name: its list is that of RFC 2616 section 13.5.1, word
 * for word, where the header `Trailer` is misspelt.
 */
const NOT_IN_PYTHON: ReadonlySet<string> = new Set(['proxy-connection', 'trailer']);

/**
 * Python's `is_hop_by_hop`: true for the headers that wsgiref leaves to the server, in any case of letters. `Trailer`
 * is not among them.
 */
export function isHopByHop(name: string): boolean {
  return isOurs(name) && !NOT_IN_PYTHON.has(name.toLowerCase());
}
