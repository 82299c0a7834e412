/** The options of gateways whose server is not ours: those of the server are refused rather than ignored. */
import { inspect } from 'node:util';
import { ConfigError } from '../../errors.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.js';

/** What goes with threads. */
const THREAD_OPTIONS = ['threads', 'backlogRequests', 'responseBuffer', 'timeout'] as const;

/** What `toFetchHandler` takes, with `remoteAddr`. */
export const FETCH_OPTIONS = [
  ...THREAD_OPTIONS,
  'ident',
  'scriptName',
  'serverName',
  'forwardedAllowIps',
  'environ',
  'limitRequestBody',
  'maxBacklog',
  'channels',
] as const;

/** What `toNodeHandler` takes. */
export const NODE_OPTIONS = [
  ...FETCH_OPTIONS,
  'minRate',
  'limitRequestLine',
  'limitRequestFields',
  'limitRequestFieldSize',
  'websocketMaxMessage',
  'websocketPingInterval',
  'allowedOrigins',
  'perMessageDeflate',
  'deflateThreshold',
  'deflateMemLevel',
  'serverMaxWindowBits',
  'serverNoContextTakeover',
  'clientNoContextTakeover',
  'websocketInflateBuffer',
] as const;

/** What `runCgi` and `wsgi --cgi` take: a web server does all the rest. */
export const CGI_OPTIONS = [
  'environ',
  'limitRequestBody',
  'forwardedAllowIps',
  'errorLogfile',
  'logFormat',
  'logLevel',
  'gracefulTimeout',
] as const;

export interface CgiOptions extends Pick<ServerOptions, (typeof CGI_OPTIONS)[number]> {
  readonly blocking?: false | undefined;
}

/** The application blocks, as in Python. */
export interface BlockingCgiOptions extends Omit<CgiOptions, 'blocking'> {
  readonly blocking: true;
}

/**
 * As `resolveOptions`; without an `ident` no Server header is sent, for the server is the host's.
 * @param taker for the message.
 * @throws ConfigError for an option that is unknown, or the host's.
 */
export function resolveHostedOptions(
  taker: string,
  taken: readonly (keyof ServerOptions)[],
  given: ServerOptions = {},
): ResolvedOptions {
  const why = (name: string) =>
    `${taker} has no option ${name}: that is for the server, which is the host's here`;
  return { ...resolveSome(taken, given, why), ident: given.ident ?? '' };
}

/** @throws ConfigError for an option that is unknown, or the web server's. */
export function resolveCgiOptions({
  blocking = false,
  ...given
}: CgiOptions | BlockingCgiOptions): ResolvedOptions {
  if (typeof blocking !== 'boolean') {
    throw new ConfigError(`Option blocking must be true or false, not ${inspect(blocking)}`);
  }
  return resolveSome(
    CGI_OPTIONS,
    given,
    (name) => `CGI has no use for the option ${name}: that is the web server's`,
  );
}

function resolveSome(
  taken: readonly (keyof ServerOptions)[],
  given: ServerOptions,
  why: (name: string) => string,
): ResolvedOptions {
  const resolved = resolveOptions(given);
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined && !(taken as readonly string[]).includes(name)) throw new ConfigError(why(name));
  }
  return resolved;
}
