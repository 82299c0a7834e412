/** A request head becomes an environ (PEP 3333 "environ Variables", RFC 3875 section 4.1): its target, its headers' keys. */
import { RequestError } from '../errors.js';
import { fileWrapper } from './file/file-wrapper.js';
import { textToNative, unquoteToNative } from './native-string.js';
import type { BlockingEnviron, BlockingInput, EarlyHints, Environ, ErrorStream, Input } from './types.js';

/** What a request head has to have; Node's `IncomingMessage` has it all. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor: number;
  readonly httpVersionMinor: number;
  /** Name, value, name, value, as sent. (Node's `headers` drops or joins what was sent twice.) */
  readonly rawHeaders: readonly string[];
}

/** What is the same for all requests of one connection. */
export interface ConnectionFacts {
  readonly scheme: 'http' | 'https';
  /** `''` on a Unix socket. */
  readonly remoteAddr: string;
  readonly remotePort: string | undefined;
  readonly serverName: string;
  readonly serverPort: string;
  /** More keys of environ: PROXY_* and SSL_CLIENT_*. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
}

/** What is the same for all requests of one gateway. */
export interface GatewayFacts {
  readonly serverSoftware: string;
  readonly multithread: boolean;
  readonly multiprocess: boolean;
  readonly runOnce: boolean;
  readonly nonblocking: boolean;
  readonly errors: ErrorStream;
  readonly fileWrapper: Environ['wsgi.file_wrapper'];
  /** Mount point, percent-decoded: `''`, or `/` and more without a `/` at the end. */
  readonly scriptName: string;
  /** Keys that the deployer adds (PEP 3333 "Server Extension APIs"); they cannot replace those of the request. */
  readonly baseEnviron: Readonly<Record<string, unknown>> | undefined;
}

/**
 * What a gateway says of itself, where it serves on the event loop of one process.
 * @param options those that environ shows.
 * @param differing what is otherwise.
 */
export function gatewayFacts(
  options: {
    readonly ident: string;
    readonly scriptName: string;
    readonly environ?: GatewayFacts['baseEnviron'];
  },
  errors: ErrorStream,
  differing: Partial<GatewayFacts> = {},
): GatewayFacts {
  return {
    serverSoftware: options.ident || 'wsgi',
    multithread: false,
    multiprocess: false,
    runOnce: false,
    nonblocking: true,
    errors,
    fileWrapper,
    scriptName: textToNative(options.scriptName),
    baseEnviron: options.environ,
    ...differing,
  };
}

/** An AbortController, or something that makes its signal when it is asked for it. */
export interface SignalSource {
  readonly signal: AbortSignal;
}

/** What a gateway gives each request; it may have more to read from than is named here. */
export interface RequestServices<I = Input> {
  readonly input: I;
  /** Gives `node.abort_signal`, when the application asks for that. */
  readonly aborter?: SignalSource | undefined;
  readonly earlyHints?: EarlyHints | undefined;
}

/** The request target, taken apart. */
export interface Target {
  /** Still percent-encoded. `*` for an OPTIONS request of the whole server. */
  path: string;
  query: string;
  /** The authority of an absolute-form target, which replaces Host (RFC 9112 section 3.2.2). */
  authority: string | undefined;
}

const VERSION = Object.freeze([1, 0] as const);
const SIGNAL = 'node.abort_signal';
const PLAIN = { configurable: true, enumerable: true, writable: true };

/**
 * The class of every environ: its prototype holds nothing and inherits nothing, so that an instance behaves as
 * Python's dict, and a class is what V8 builds and extends fastest (bench: environ).
 */
class EnvironDict {
  declare REQUEST_METHOD: Environ['REQUEST_METHOD'];
  declare SCRIPT_NAME: Environ['SCRIPT_NAME'];
  declare PATH_INFO: Environ['PATH_INFO'];
  declare QUERY_STRING: Environ['QUERY_STRING'];
  declare SERVER_NAME: Environ['SERVER_NAME'];
  declare SERVER_PORT: Environ['SERVER_PORT'];
  declare SERVER_PROTOCOL: Environ['SERVER_PROTOCOL'];
  declare SERVER_SOFTWARE: Environ['SERVER_SOFTWARE'];
  declare GATEWAY_INTERFACE: Environ['GATEWAY_INTERFACE'];
  declare REMOTE_ADDR: Environ['REMOTE_ADDR'];
  declare REQUEST_URI: Environ['REQUEST_URI'];
  declare RAW_URI: Environ['RAW_URI'];
  declare 'wsgi.version': Environ['wsgi.version'];
  declare 'wsgi.url_scheme': Environ['wsgi.url_scheme'];
  declare 'wsgi.input': Input | BlockingInput;
  declare 'wsgi.errors': Environ['wsgi.errors'];
  declare 'wsgi.multithread': Environ['wsgi.multithread'];
  declare 'wsgi.multiprocess': Environ['wsgi.multiprocess'];
  declare 'wsgi.run_once': Environ['wsgi.run_once'];
  declare 'wsgi.input_terminated': Environ['wsgi.input_terminated'];
  declare 'wsgi.file_wrapper': Environ['wsgi.file_wrapper'];
  declare 'node.nonblocking': boolean;
  declare 'wsgi.early_hints': EarlyHints;
  declare REMOTE_PORT: string;
  readonly #aborter: SignalSource | undefined;

  /** `node.abort_signal` until it is asked for: a signal costs more than the rest of environ. */
  static readonly #signal: PropertyDescriptor = {
    configurable: true,
    enumerable: true,
    get(this: object) {
      const environ = EnvironDict.#ownerOf(this);
      const value = environ.#aborter?.signal;
      Object.defineProperty(environ, SIGNAL, { value, ...PLAIN });
      return value;
    },
    set(this: object, value: unknown) {
      Object.defineProperty(this, SIGNAL, { value, ...PLAIN });
    },
  };

  /** An object may have been made from an environ (`Object.create`). */
  static #ownerOf(object: object): EnvironDict {
    return #aborter in object ? object : EnvironDict.#ownerOf(Object.getPrototypeOf(object));
  }

  constructor(
    head: RequestHead,
    target: Target,
    connection: ConnectionFacts,
    gateway: GatewayFacts,
    { input, aborter, earlyHints }: RequestServices<Input | BlockingInput>,
  ) {
    this.#aborter = aborter;
    this.REQUEST_METHOD = head.method as string;
    this.SCRIPT_NAME = gateway.scriptName;
    this.PATH_INFO = target.path.includes('%') ? unquoteToNative(target.path) : target.path;
    this.QUERY_STRING = target.query;
    this.SERVER_NAME = connection.serverName;
    this.SERVER_PORT = connection.serverPort;
    this.SERVER_PROTOCOL = head.httpVersionMinor === 1 ? 'HTTP/1.1' : 'HTTP/1.0';
    this.SERVER_SOFTWARE = gateway.serverSoftware;
    this.GATEWAY_INTERFACE = 'CGI/1.1';
    this.REMOTE_ADDR = connection.remoteAddr;
    this.REQUEST_URI = head.url as string;
    this.RAW_URI = head.url as string;
    this['wsgi.version'] = VERSION;
    this['wsgi.url_scheme'] = connection.scheme;
    this['wsgi.input'] = input;
    this['wsgi.errors'] = gateway.errors;
    this['wsgi.multithread'] = gateway.multithread;
    this['wsgi.multiprocess'] = gateway.multiprocess;
    this['wsgi.run_once'] = gateway.runOnce;
    this['wsgi.input_terminated'] = true;
    this['wsgi.file_wrapper'] = gateway.fileWrapper;
    this['node.nonblocking'] = gateway.nonblocking;
    if (aborter !== undefined) Object.defineProperty(this, SIGNAL, EnvironDict.#signal);
    if (earlyHints !== undefined) this['wsgi.early_hints'] = earlyHints;
    if (connection.remotePort !== undefined) this.REMOTE_PORT = connection.remotePort;
  }
}
Reflect.deleteProperty(EnvironDict.prototype, 'constructor');
Object.setPrototypeOf(EnvironDict.prototype, null);

/**
 * Builds the environ of one request, fresh each time.
 * @throws RequestError (400, 404, 421, 505) when the head cannot be served; the application is then not called.
 */
export function buildEnviron(
  head: RequestHead,
  connection: ConnectionFacts,
  gateway: GatewayFacts,
  services: RequestServices,
): Environ;
export function buildEnviron(
  head: RequestHead,
  connection: ConnectionFacts,
  gateway: GatewayFacts,
  services: RequestServices<BlockingInput>,
): BlockingEnviron;
export function buildEnviron(
  head: RequestHead,
  connection: ConnectionFacts,
  gateway: GatewayFacts,
  services: RequestServices<Input | BlockingInput>,
): Environ | BlockingEnviron {
  checkVersion(head);
  const target = parseTarget(head.method as string, head.url as string, connection.scheme);
  const environ = new EnvironDict(head, target, connection, gateway, services) as unknown as Environ;
  if (gateway.scriptName !== '') mount(environ, gateway.scriptName);
  if (connection.variables !== undefined) Object.assign(environ, connection.variables);
  addHeaders(environ, head);
  checkHost(environ, head, target.authority);
  if (gateway.baseEnviron !== undefined) addBase(environ, gateway.baseEnviron);
  return environ;
}

function checkVersion(head: RequestHead): void {
  if (head.httpVersionMajor === 1 && head.httpVersionMinor <= 1) return;
  throw new RequestError(505, 'This server speaks HTTP/1.1 and HTTP/1.0');
}

function mount(environ: Environ, scriptName: string): void {
  const path = environ.PATH_INFO;
  if (path === '*') return;
  if (path !== scriptName && !path.startsWith(`${scriptName}/`)) {
    throw new RequestError(404, 'The path lies outside of where this application is mounted');
  }
  environ.PATH_INFO = path.slice(scriptName.length);
}

function addHeaders(environ: Record<string, unknown>, { rawHeaders }: RequestHead): void {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const key = environKey(rawHeaders[i] as string);
    if (key === DROPPED) continue;
    const value = rawHeaders[i + 1] as string;
    if (environ[key] === undefined) environ[key] = value;
    else if (SINGLE.has(key))
      throw new RequestError(400, `The header ${rawHeaders[i]} appears more than once`);
    else environ[key] = `${environ[key]}${key === 'HTTP_COOKIE' ? '; ' : ','}${value}`;
  }
}

function checkHost(environ: Environ, head: RequestHead, authority: string | undefined): void {
  const host = environ['HTTP_HOST'];
  if (host === undefined) {
    if (head.httpVersionMinor === 1) throw new RequestError(400, 'The header Host is missing');
  } else if (!isAuthority(host)) {
    throw new RequestError(400, 'The header Host is not a host, or a host and a port');
  }
  if (authority !== undefined) environ['HTTP_HOST'] = authority;
}

function addBase(environ: Record<string, unknown>, base: Readonly<Record<string, unknown>>): void {
  for (const key of Object.keys(base)) if (!(key in environ)) environ[key] = base[key];
}

/** host or host:port; the host a reg-name, an IPv4 address or an IPv6 literal (RFC 3986 section 3.2.2). */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]*)(?::[0-9]*)?$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/;

/**
 * RFC 9112 section 3.2.
 * @param scheme of the connection: an absolute-form target of the other one is 421 (RFC 9110 section 7.4).
 * @throws RequestError 400 or 421.
 */
export function parseTarget(method: string, target: string, scheme: string): Target {
  // Fast path: origin-form, as nearly every request has it.
  if (target.charCodeAt(0) === 0x2f) return splitPath(target, undefined);
  if (target === '*') {
    if (method === 'OPTIONS') return { path: '*', query: '', authority: undefined };
    throw new RequestError(400, 'The target "*" goes with OPTIONS only');
  }
  const parts = ABSOLUTE.exec(target);
  if (parts === null) throw new RequestError(400, 'The request target is not a path, a URL or "*"');
  const [, requested = '', authority = '', rest = ''] = parts;
  checkScheme(requested.toLowerCase(), scheme);
  if (authority === '' || !isAuthority(authority)) {
    throw new RequestError(400, 'The request target names no valid host');
  }
  return splitPath(rest.startsWith('/') ? rest : `/${rest}`, authority);
}

/** True for `host` and `host:port`, and for the empty string (RFC 9110 section 7.2). */
export function isAuthority(value: string): boolean {
  return AUTHORITY.test(value);
}

function splitPath(target: string, authority: string | undefined): Target {
  // A fragment has no place in a target; like other servers, leave it out of path and query.
  const hash = target.indexOf('#');
  const whole = hash === -1 ? target : target.slice(0, hash);
  const mark = whole.indexOf('?');
  if (mark === -1) return { path: whole, query: '', authority };
  return { path: whole.slice(0, mark), query: whole.slice(mark + 1), authority };
}

function checkScheme(requested: string, scheme: string): void {
  if (requested === scheme) return;
  if (requested === 'http' || requested === 'https') {
    throw new RequestError(421, `This connection serves ${scheme}, not ${requested}`);
  }
  throw new RequestError(400, 'The request target has a scheme that this server does not serve');
}

/** A header that is kept out of environ. */
export const DROPPED = '';
/** Of headers that frame or route the request: one of each (RFC 9110 section 5.3, RFC 9112 section 3.2). */
export const SINGLE: ReadonlySet<string> = new Set(['HTTP_HOST', 'CONTENT_TYPE', 'CONTENT_LENGTH']);

const SPECIAL_KEYS: ReadonlyMap<string, string> = new Map([
  ['content-type', 'CONTENT_TYPE'],
  ['content-length', 'CONTENT_LENGTH'],
  // CGI's HTTP_PROXY is read as a proxy setting by many libraries ("httpoxy", CVE-2016-5385).
  ['proxy', DROPPED],
  // Decoded by the gateway: an application that sees it might decode the body again.
  ['transfer-encoding', DROPPED],
]);
/** By the name as it was sent: a client spells it the same way each time. */
const knownKeys = new Map<string, string>();
/** How many names are remembered, and how long they may be: a client that invents names cannot grow it further. */
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 64;

/**
 * The environ key of a request header (RFC 3875 section 4.1.18), or `DROPPED`. A name with an underscore is dropped:
 * it would take the key of the name with a dash, which a proxy in front may have checked.
 * @param name in any case.
 */
export function environKey(name: string): string {
  let key = knownKeys.get(name);
  if (key === undefined) {
    key = keyOf(name);
    if (knownKeys.size < MOST_KNOWN && name.length <= LONGEST_KNOWN) knownKeys.set(name, key);
  }
  return key;
}

function keyOf(name: string): string {
  if (name.includes('_')) return DROPPED;
  // Names are ASCII here (the parser refuses others), so that a change of case cannot change their length.
  return SPECIAL_KEYS.get(name.toLowerCase()) ?? `HTTP_${name.toUpperCase().replaceAll('-', '_')}`;
}
