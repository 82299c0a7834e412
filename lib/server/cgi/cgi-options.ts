/** Options of a process that a web server starts: those of a server are refused rather than ignored. */
import { ConfigError } from '../../errors.js';
import { type ResolvedOptions, resolveOptions, type ServerOptions } from '../options/options.js';

/** All others are the web server's: where it listens, its limits, timeouts and logs. */
export const CGI_OPTIONS = [
  'environ',
  'limitRequestBody',
  'forwardedAllowIps',
  'errorLogfile',
  'logLevel',
  'gracefulTimeout',
] as const;

export type CgiOptions = Pick<ServerOptions, (typeof CGI_OPTIONS)[number]>;

/** @throws ConfigError */
export function resolveCgiOptions(given: CgiOptions): ResolvedOptions {
  const resolved = resolveOptions(given);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (CGI_OPTIONS as readonly string[]).includes(name)) continue;
    throw new ConfigError(`CGI has no use for the option ${name}: that is the web server's`);
  }
  return resolved;
}
