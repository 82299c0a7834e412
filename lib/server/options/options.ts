/** What `run()` and the command are given, checked by the table of options and filled in. */
import { availableParallelism } from 'node:os';
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';
import { parseBindAddress } from './bind-address.js';
import type { Option } from './option-kinds.js';
import { type COMMAND_OPTIONS, SERVER_OPTIONS } from './option-table.js';
import { unknownOption } from './unknown-option.js';

type Table = Record<string, Option<unknown, unknown>>;
type Given<O extends Table> = {
  readonly [K in keyof O]?: (O[K] extends Option<infer T, unknown> ? T : never) | undefined;
};
type Resolved<O extends Table> = {
  readonly [K in keyof O]: O[K] extends Option<infer T, infer D>
    ? D extends undefined
      ? T | undefined
      : T
    : never;
};

/** What run() and makeServer() take. `undefined` is the same as not given. */
export type ServerOptions = Given<typeof SERVER_OPTIONS>;
/** The application runs on the event loop. */
export type EventLoopOptions = ServerOptions & { readonly threads?: 0 | undefined };
/** The application runs in worker threads, where it may block. */
export type ThreadOptions = ServerOptions & { readonly threads: number };

/** What only the command and config files take. */
export type CommandOptions = Given<typeof COMMAND_OPTIONS>;
/** Every option checked and with its default; `bind` is taken apart into `host` and `port`, `socketPath` or `descriptor`. */
export type ResolvedOptions = Omit<Resolved<typeof SERVER_OPTIONS>, 'bind' | 'workers'> & {
  /** How many processes; undefined: this one, without a parent. */
  readonly workers: number | undefined;
  /** Path of a Unix socket; `host` and `port` then mean nothing. */
  readonly socketPath: string | undefined;
  /** Of a socket that the process inherits; what kind it is `inheritedSocket` finds out. */
  readonly descriptor: number | undefined;
};

/** Checks what was given and fills in the rest. Throws a ConfigError whose message is one sentence. */
export function resolveOptions(given: ServerOptions = {}): ResolvedOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ConfigError(`Options must be an object, not ${inspect(given, { depth: 0 })}`);
  }
  const values: Record<string, unknown> = { socketPath: undefined, descriptor: undefined };
  for (const [name, { default: initial }] of Object.entries(SERVER_OPTIONS)) values[name] = initial;
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(SERVER_OPTIONS, name)) {
      throw new ConfigError(unknownOption(name, Object.keys(SERVER_OPTIONS)));
    }
    const { kind } = SERVER_OPTIONS[name as keyof ServerOptions];
    if (value !== undefined) values[name] = kind.check(value, `Option ${name}`);
  }
  refuseConflicts(given);
  if (values['workers'] === 'auto') values['workers'] = availableParallelism();
  delete values['bind'];
  Object.assign(values, given.bind === undefined ? {} : parseBindAddress(given.bind));
  // node:http refuses a server whose headers may take longer than the whole request.
  if (given.requestTimeout && given.headersTimeout === undefined) {
    values['headersTimeout'] = Math.min(SERVER_OPTIONS.headersTimeout.default, given.requestTimeout);
  }
  // One message must fit, however large it may be.
  if (given.websocketMaxMessage && given.websocketInflateBuffer === undefined) {
    const { default: usual } = SERVER_OPTIONS.websocketInflateBuffer;
    values['websocketInflateBuffer'] = Math.max(usual, given.websocketMaxMessage);
  }
  return values as unknown as ResolvedOptions;
}

/** @throws ConfigError for options of Python, where a server is given an application, which has its own. */
export function refusePythonOptions({ workerConnections }: ResolvedOptions): void {
  if (workerConnections === 1) return;
  throw new ConfigError(
    'Option workerConnections is for Python in Pyodide: give it to fromPython(), or to the command with an application in Python; on the event loop handlers wait without it',
  );
}

function refuseConflicts({ bind, host, port, certfile, keyfile, ...given }: ServerOptions): void {
  if (bind !== undefined && (host !== undefined || port !== undefined)) {
    throw new ConfigError('Give either bind or host and port, not both');
  }
  if (given.reusePort && bind !== undefined && /^(?:unix|fd):/.test(bind)) {
    throw new ConfigError(`Option reusePort goes with an address and a port, not with ${bind}`);
  }
  if (given.workers === undefined && (given.maxRequests || given.maxRequestsJitter)) {
    throw new ConfigError(
      'Option maxRequests needs workers: a process that ends has to have a parent that starts another one (--workers 1)',
    );
  }
  if ((certfile === undefined) !== (keyfile === undefined)) {
    const [has, lacks] = certfile === undefined ? ['keyfile', 'certfile'] : ['certfile', 'keyfile'];
    throw new ConfigError(`Option ${has} needs ${lacks} as well: TLS takes a certificate and its key`);
  }
  refuseTlsConflicts(given, certfile);
  const inflated = given.websocketInflateBuffer ?? 0;
  const message = given.websocketMaxMessage ?? SERVER_OPTIONS.websocketMaxMessage.default;
  if (inflated > 0 && message > inflated) {
    throw new ConfigError(
      `Option websocketMaxMessage (${message}) must not be above websocketInflateBuffer (${inflated})`,
    );
  }
  const { headersTimeout, requestTimeout } = given;
  const whole = requestTimeout ?? SERVER_OPTIONS.requestTimeout.default;
  if (headersTimeout && whole && headersTimeout > whole) {
    throw new ConfigError(
      `Option headersTimeout (${headersTimeout}) must not be above requestTimeout (${whole})`,
    );
  }
}

function refuseTlsConflicts({ certReqs, caCerts }: ServerOptions, certfile: string | undefined): void {
  const asks = certReqs !== undefined && SERVER_OPTIONS.certReqs.kind.check(certReqs, '') !== 'none';
  if (asks && certfile === undefined) {
    throw new ConfigError(
      'Option certReqs needs certfile and keyfile as well: only TLS has certificates of clients',
    );
  }
  if (asks && caCerts === undefined) {
    throw new ConfigError(
      'Option certReqs needs caCerts as well: the authorities by which certificates are checked',
    );
  }
  if (!asks && caCerts !== undefined) {
    throw new ConfigError(
      'Option caCerts needs certReqs as well, optional or required: without it no client is asked for a certificate',
    );
  }
}
