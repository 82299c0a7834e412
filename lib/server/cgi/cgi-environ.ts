/** The environment of a CGI process becomes an environ (RFC 3875 section 4.1, PEP 3333 "environ Variables"). */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { isAuthority } from '../../environ/environ.js';
import { guessScheme } from '../../environ/forwarded-value.js';
import { bytesToNative, quoteNative, textToNative } from '../../environ/native-string.js';
import type { BlockingInput, Environ, ErrorStream, Input } from '../../environ/types.js';
import { RequestError } from '../../errors.js';

export interface CgiServices {
  readonly input: Input | BlockingInput;
  readonly errors: ErrorStream;
  readonly fileWrapper: Environ['wsgi.file_wrapper'];
  readonly abortSignal: AbortSignal;
  /** False where `input` blocks. Default: true. */
  readonly nonblocking?: boolean;
  /** Keys that the deployer adds; they cannot replace those of the request. */
  readonly baseEnviron: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Headers that do not become an `HTTP_` key: the first two are CONTENT_LENGTH and CONTENT_TYPE; a body comes decoded, so that an
 * application must not decode it again; a client sets HTTP_PROXY, which many libraries obey (CVE-2016-5385).
 */
const DROPPED = ['HTTP_CONTENT_LENGTH', 'HTTP_CONTENT_TYPE', 'HTTP_TRANSFER_ENCODING', 'HTTP_PROXY'] as const;

const VERSION = Object.freeze([1, 0] as const);

/**
 * The environ of the one request of this process. As Python's `wsgiref.handlers.CGIHandler`, it begins with the whole
 * environment of the process (PEP 3333: "os-level environment variables may be included").
 * @param variables native strings.
 * @throws RequestError (400) for a Host that is not one; the application is then not called.
 */
export function buildCgiEnviron(variables: ReadonlyMap<string, string>, services: CgiServices): Environ {
  const environ: Environ = Object.create(null);
  Object.assign(environ, Object.fromEntries(variables));
  for (const name of DROPPED) delete environ[name];
  // To CGI an empty variable and a missing one are the same (RFC 3875 section 4.1).
  for (const name of ['CONTENT_LENGTH', 'CONTENT_TYPE'] as const)
    if (environ[name] === '') delete environ[name];
  const scheme = guessScheme(environ);
  addMissing(environ, scheme);
  stripScriptName(environ);
  environ.REQUEST_URI ||= rebuildTarget(environ);
  environ.RAW_URI = environ.REQUEST_URI;
  environ['wsgi.version'] = VERSION;
  environ['wsgi.url_scheme'] = scheme;
  const { input, nonblocking = true } = services;
  Object.assign(environ, { 'wsgi.input': input, 'node.nonblocking': nonblocking });
  environ['wsgi.errors'] = services.errors;
  environ['wsgi.multithread'] = false;
  environ['wsgi.multiprocess'] = true;
  environ['wsgi.run_once'] = true;
  environ['wsgi.input_terminated'] = true;
  environ['wsgi.file_wrapper'] = services.fileWrapper;
  environ['node.abort_signal'] = services.abortSignal;
  checkHost(environ);
  return Object.assign(environ, { ...services.baseEnviron, ...environ });
}

/** PEP 3333: SERVER_NAME and SERVER_PORT "can never be empty strings"; the rest may be missing, and is asked for. */
function addMissing(environ: Environ, scheme: 'http' | 'https'): void {
  environ.SCRIPT_NAME ??= '';
  environ.PATH_INFO ??= '';
  environ.QUERY_STRING ??= '';
  environ.SERVER_NAME ||= 'localhost';
  environ.SERVER_PORT ||= scheme === 'https' ? '443' : '80';
  environ.SERVER_PROTOCOL ||= 'HTTP/1.0';
  environ.SERVER_SOFTWARE ||= 'wsgi';
  environ.GATEWAY_INTERFACE ||= 'CGI/1.1';
  environ.REMOTE_ADDR ??= '';
}

/** IIS repeats SCRIPT_NAME at the front of PATH_INFO (Python's `wsgiref.handlers.IISCGIHandler`). */
function stripScriptName(environ: Environ): void {
  const { SCRIPT_NAME: script, PATH_INFO: path } = environ;
  if (!environ.SERVER_SOFTWARE.startsWith('Microsoft-IIS/')) return;
  if (path === script || path.startsWith(`${script}/`)) environ.PATH_INFO = path.slice(script.length);
}

/** Everything that a path may have as it is (RFC 3986 section 3.3). */
const QUOTED = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/g;

/** The target of the request, which CGI does not have: Apache, nginx and lighttpd add it. */
function rebuildTarget({ SCRIPT_NAME, PATH_INFO, QUERY_STRING }: Environ): string {
  const path = quoteNative(SCRIPT_NAME + PATH_INFO || '/', QUOTED);
  return QUERY_STRING === '' ? path : `${path}?${QUERY_STRING}`;
}

function checkHost(environ: Environ): void {
  const host = environ['HTTP_HOST'];
  if (host === undefined || isAuthority(host)) return;
  throw new RequestError(400, 'The header Host is not a host, or a host and a port');
}

const REPLACEMENT = '\uFFFD';
/** Linux alone has the bytes that the process was started with. */
const RAW_ENVIRONMENT = '/proc/self/environ';

/**
 * The environment of the process as native strings: its bytes decoded as latin-1 (PEP 3333 "Unicode Issues").
 * Node decodes the environment as UTF-8, and puts U+FFFD for bytes that are not. Where one stands, the bytes
 * themselves are looked up in /proc; a system without it keeps the U+FFFD, as the three bytes of its UTF-8.
 * @param readRaw the environment as NUL-terminated `NAME=value`.
 */
export function readVariables(
  environment: Readonly<NodeJS.Dict<string>> = process.env,
  readRaw: () => Buffer | undefined = readRawEnvironment,
): Map<string, string> {
  const variables = new Map<string, string>();
  let lossy = false;
  for (const [name, value = ''] of Object.entries(environment)) {
    variables.set(textToNative(name), textToNative(value));
    lossy ||= value.includes(REPLACEMENT);
  }
  if (lossy) restore(variables, readRaw()?.toString('latin1') ?? '');
  return variables;
}

/** @param raw of the start of the process: what was set since then stays as it is set. */
function restore(variables: Map<string, string>, raw: string): void {
  for (const entry of raw.split('\0')) {
    const end = entry.indexOf('=');
    const name = entry.slice(0, end);
    const bytes = Buffer.from(entry.slice(end + 1), 'latin1');
    if (isUtf8(bytes)) continue;
    const decoded = textToNative(bytes.toString('utf8'));
    if (variables.get(name) === decoded) variables.set(name, bytesToNative(bytes));
  }
}

function readRawEnvironment(): Buffer | undefined {
  try {
    return readFileSync(RAW_ENVIRONMENT);
  } catch {
    return undefined;
  }
}
