/** Python's `wsgiref.validate.check_environ`: environ as a whole, its keys, the request in it, and `wsgi.*`. */
import { isAuthority } from '../environ/environ.js';
import { isNative } from '../environ/native-string.js';
import { TOKEN } from '../environ/syntax.js';
import { checkErrors } from './error-stream.js';
import { checkInput } from './input.js';
import { fail, quote, shapeOf, warn } from './violation.js';

type Dict = Readonly<Record<string, unknown>>;

/** PEP 3333 "environ Variables". SERVER_PROTOCOL has a rule of its own, as has the pair SCRIPT_NAME and PATH_INFO. */
const REQUIRED = [
  'REQUEST_METHOD',
  'SERVER_NAME',
  'SERVER_PORT',
  'wsgi.version',
  'wsgi.input',
  'wsgi.errors',
  'wsgi.multithread',
  'wsgi.multiprocess',
  'wsgi.run_once',
  'wsgi.url_scheme',
];

const FLAGS = ['wsgi.multithread', 'wsgi.multiprocess', 'wsgi.run_once'];
/** Python 2.3 had no booleans; servers of its time, and wsgiref's testing defaults, have 0 and 1. */
const FLAG_VALUES: readonly unknown[] = [true, false, 0, 1];
const SCHEMES: readonly unknown[] = ['http', 'https'];

const PROTOCOL = /^HTTP\/[0-9](?:\.[0-9])?$/;
const DIGITS = /^[0-9]+$/;
const EXTENSION_KEY = /^[a-z0-9._]+$/;

/** @throws WsgiAssertionError that names the key; a value is shown only where it cannot be a secret. */
export function checkEnviron(environ: unknown): void {
  checkDict(environ);
  for (const key of REQUIRED)
    if (!Object.hasOwn(environ, key)) fail('environ-missing-key', `it has no ${key}`);
  checkKeys(environ);
  checkServer(environ);
  checkEnvironPath(environ as Readonly<Record<string, string | undefined>>);
  checkGateway(environ);
  checkInput(environ['wsgi.input']);
  checkErrors(environ['wsgi.errors']);
}

function checkDict(environ: unknown): asserts environ is Dict {
  if (environ === null || typeof environ !== 'object') fail('environ-not-dict', `it is ${shapeOf(environ)}`);
  const prototype: unknown = Object.getPrototypeOf(environ);
  if (prototype !== Object.prototype && !isEmptyRoot(prototype)) {
    fail('environ-not-dict', `it is ${shapeOf(environ)}`);
  }
  if (!Object.isExtensible(environ)) fail('environ-frozen', 'it is frozen, sealed or closed to new keys');
  const [symbol] = Object.getOwnPropertySymbols(environ);
  if (symbol !== undefined) fail('environ-key-not-string', `it has the key ${symbol.toString()}`);
}

/** Nothing is inherited from it, as in a dict: null, or an object that holds nothing and has no prototype. */
function isEmptyRoot(prototype: unknown): boolean {
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Reflect.ownKeys(prototype as object).length === 0;
}

function checkKeys(environ: Dict): void {
  for (const key of Object.keys(environ)) {
    if (key.includes('.')) {
      if (!EXTENSION_KEY.test(key)) warn('environ-extension-name', `there is ${quote(key)}`);
      continue;
    }
    const value = environ[key];
    if (typeof value !== 'string') fail('environ-not-string', `${quote(key)} is ${shapeOf(value)}`);
    if (!isNative(value)) fail('environ-not-native', `${quote(key)} has a character above U+00FF`);
  }
  for (const key of ['HTTP_CONTENT_TYPE', 'HTTP_CONTENT_LENGTH']) {
    if (Object.hasOwn(environ, key)) fail('environ-http-content', `there is ${key}`);
  }
  for (const key of ['HTTP_PROXY', 'COOKIE']) {
    if (Object.hasOwn(environ, key)) warn('environ-suspicious-key', `there is ${key}`);
  }
  if (!Object.hasOwn(environ, 'QUERY_STRING')) warn('environ-no-query-string', 'it has none');
}

/** What the server says of itself. */
function checkServer(environ: Dict): void {
  const protocol = environ['SERVER_PROTOCOL'];
  if (typeof protocol !== 'string' || !PROTOCOL.test(protocol)) {
    fail('environ-server-protocol', `it is ${quote(protocol)}`);
  }
  if (environ['SERVER_NAME'] === '') fail('environ-server-name', 'it is empty');
  const port = environ['SERVER_PORT'] as string;
  if (!DIGITS.test(port)) fail('environ-server-port', `it is ${quote(port)}`);
}

/** `wsgi.*` other than the streams. */
function checkGateway(environ: Dict): void {
  const version = environ['wsgi.version'];
  if (!Array.isArray(version) || version.length !== 2 || version[0] !== 1 || version[1] !== 0) {
    fail('environ-version', `it is ${shapeOf(version)}${Array.isArray(version) ? ' others' : ''}`);
  }
  const scheme = environ['wsgi.url_scheme'];
  if (!SCHEMES.includes(scheme)) fail('environ-url-scheme', `it is ${quote(scheme)}`);
  for (const key of FLAGS) {
    if (!FLAG_VALUES.includes(environ[key])) fail('environ-flag', `${key} is ${shapeOf(environ[key])}`);
  }
  const wrapper = environ['wsgi.file_wrapper'];
  if (Object.hasOwn(environ, 'wsgi.file_wrapper') && typeof wrapper !== 'function') {
    fail('environ-file-wrapper', `it is ${shapeOf(wrapper)}`);
  }
}

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

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\/\//i;

/** The rules for what the client asked for: method, path, host and length. */
function checkEnvironPath(environ: Strings): void {
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
    warn('environ-target-form', `${quote(method)} has a target that is neither a path nor a URL`);
  }
}
