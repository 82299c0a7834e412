/** Options of a gateway on a server that is not ours: those of the server are refused rather than ignored. */
import { ConfigError } from '../../errors.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from './options.js';

/** What `toFetchHandler` takes; `remoteAddr` beside. */
export const FETCH_OPTIONS = [
  'ident',
  'scriptName',
  'serverName',
  'forwardedAllowIps',
  'environ',
  'limitRequestBody',
] as const;

/** What `toNodeHandler` takes. */
export const NODE_OPTIONS = [
  ...FETCH_OPTIONS,
  'timeout',
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
  const resolved = resolveOptions(given);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (taken as readonly string[]).includes(name)) continue;
    throw new ConfigError(`${taker} has no option ${name}: that is for the server, which is the host's here`);
  }
  return { ...resolved, ident: given.ident ?? '' };
}
