/** The rules for what the client asked for: method, path, host and length. */
import { isAuthority } from '../environ/environ.js';
import { TOKEN } from '../environ/syntax.js';
import { quote } from './shape.js';
import { fail, warn } from './violation.js';

/** An environ whose keys without a dot were found to be strings. */
type Strings = Readonly<Record<string, string | undefined>>;

/** RFC 9110 section 9, PATCH of RFC 5789, QUERY of draft-ietf-httpbis-safe-method-w-body. */
const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'OPTIONS',
  'PATCH',
  'PUT',
  'DELETE',
  'TRACE',
  'CONNECT',
  'QUERY',
]);

const DIGITS = /^[0-9]+$/;
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\//i;

export function checkEnvironPath(environ: Strings): void {
  const method = environ['REQUEST_METHOD'] as string;
  if (!TOKEN.test(method)) fail('environ-method', `it is ${quote(method)}`);
  if (!METHODS.has(method)) warn('environ-unusual-method', `it is ${quote(method)}`);
  checkPaths(method, environ['SCRIPT_NAME'] ?? '', environ['PATH_INFO'] ?? '');
  checkTarget(method, environ);
  const length = environ['CONTENT_LENGTH'] ?? '';
  if (length !== '' && !DIGITS.test(length)) fail('environ-content-length', `it is ${quote(length)}`);
  const host = environ['HTTP_HOST'] ?? '';
  if (!isAuthority(host)) warn('environ-host', `it is ${quote(host)}`);
}

function checkPaths(method: string, script: string, path: string): void {
  if (script === '/') fail('environ-script-name-root', 'it is');
  if (script !== '' && !script.startsWith('/')) fail('environ-script-name', 'it starts with something else');
  if (script.endsWith('/')) warn('environ-script-name-slash', 'it does');
  if (path !== '' && !path.startsWith('/') && !(path === '*' && method === 'OPTIONS')) {
    fail('environ-path-info', `it is ${path === '*' ? `the "*" of ${quote(method)}` : 'something else'}`);
  }
  if (script === '' && path === '') fail('environ-no-path', 'both are empty or absent');
}

/** The forms of a request target (RFC 9112 section 3.2), where the server tells it as it was sent. */
function checkTarget(method: string, environ: Strings): void {
  const target = environ['REQUEST_URI'] ?? environ['RAW_URI'];
  if (environ['PATH_INFO']?.includes('#') && !target?.includes('%23')) {
    warn('environ-path-fragment', 'it holds one as it is');
  }
  if (target === undefined || target === '' || target === '*' || target.startsWith('/')) return;
  if (ABSOLUTE.test(target)) {
    if (method === 'CONNECT') warn('environ-target-form', 'CONNECT has a whole URL');
  } else if (method !== 'CONNECT') {
    warn('environ-target-form', `${quote(method)} has a target that is no path and no URL`);
  }
}
