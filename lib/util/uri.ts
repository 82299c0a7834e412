/** Python's `wsgiref.util.application_uri` and `request_uri`: PEP 3333 "URL Reconstruction". */
import { nativeToBytes } from '../environ/native-string.js';
import { type LooseEnviron, requiredString, stringOf } from './loose-environ.js';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Not escaped: the unreserved characters of RFC 3986, and what may stand in a path (`urllib.parse.quote`). */
const QUOTED = /[^A-Za-z0-9_.~/-]/g;
const QUOTED_IN_PATH_INFO = /[^A-Za-z0-9_.~/;=,-]/g;

/**
 * Where the application is: `http://host/script`. Believes `HTTP_HOST`, which a client may set to anything.
 * @throws TypeError if wsgi.url_scheme, or without HTTP_HOST also SERVER_NAME or SERVER_PORT, is missing.
 */
export function applicationUri(environ: Readonly<LooseEnviron>): string {
  const scheme = requiredString(environ, 'wsgi.url_scheme');
  const host = stringOf(environ, 'HTTP_HOST') || serverHost(environ, scheme);
  return `${scheme}://${host}${quote(stringOf(environ, 'SCRIPT_NAME') || '/', QUOTED)}`;
}

/** The URL of the request. The query stays as it was sent. @throws TypeError as `applicationUri` does. */
export function requestUri(environ: Readonly<LooseEnviron>, includeQuery = true): string {
  let uri = applicationUri(environ);
  const path = quote(stringOf(environ, 'PATH_INFO'), QUOTED_IN_PATH_INFO);
  // Without a SCRIPT_NAME the URL of the application ends in the slash that the path begins with.
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

/** @throws RangeError if `native` is no native string. */
function quote(native: string, escaped: RegExp): string {
  const bytes = nativeToBytes(native).toString('latin1');
  return bytes.replace(
    escaped,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
