/** Python's `wsgiref.validate.check_environ`: the rules for environ as a whole, for its keys, and for `wsgi.*`. */
import { isNative } from '../environ/native-string.js';
import { checkEnvironPath } from './check-environ-path.js';
import { checkErrors } from './error-stream.js';
import { checkInput } from './input.js';
import { quote, shapeOf } from './shape.js';
import { fail, warn } from './violation.js';

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
