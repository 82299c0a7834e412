/** Takes what trusted proxies say of the client in X-Forwarded-* into environ (werkzeug's ProxyFix, F-Z003). */
import { inspect } from 'node:util';
import { addressIn, authorityIn, portIn, prefixIn, schemeIn } from '../environ/forwarded-value.js';
import type { AnyEnviron, ApplicationOn, Environ } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';
import { checkApplication } from './arguments.js';

/** How many proxies between the client and this server set each header; 0: none does, and it is ignored. */
export interface ProxyFixOptions {
  /** X-Forwarded-For: REMOTE_ADDR. Default 1. */
  readonly for?: number | undefined;
  /** X-Forwarded-Proto: wsgi.url_scheme. Default 1. */
  readonly proto?: number | undefined;
  /** X-Forwarded-Host: HTTP_HOST, SERVER_NAME, and SERVER_PORT if it names one. Default 0. */
  readonly host?: number | undefined;
  /** X-Forwarded-Port: SERVER_PORT, and the port of HTTP_HOST. Default 0. */
  readonly port?: number | undefined;
  /** X-Forwarded-Prefix: SCRIPT_NAME. Default 0. */
  readonly prefix?: number | undefined;
}

/** The value of `node.proxy_fix.orig`: environ as the server made it. */
export type ProxyFixOriginals = Readonly<
  Pick<
    Environ,
    'REMOTE_ADDR' | 'REMOTE_PORT' | 'wsgi.url_scheme' | 'SERVER_NAME' | 'SERVER_PORT' | 'SCRIPT_NAME'
  > & {
    HTTP_HOST: string | undefined;
  }
>;

/** werkzeug's; X-Forwarded-Host, -Port and -Prefix are set by few proxies, and then a client can set them. */
const DEFAULTS = { for: 1, proto: 1, host: 0, port: 0, prefix: 0 };
const NAMES = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];

/**
 * Each proxy adds its value at the right of a header, so with n proxies the n-th from the right is the one that the
 * outermost of them added. A client may have invented what is left of it. A header with fewer values, or with nothing
 * in that place, changes nothing.
 *
 * Set the numbers to what your proxies do: one too high, and clients choose their address. Use it only where clients
 * can reach the server through them alone. `--forwarded-allow-ips` of the command does the same by the proxies'
 * addresses.
 * @throws ConfigError for what is not a number. Its application: RequestError (400) for a value that cannot be right.
 */
export function proxyFix<E extends AnyEnviron = Environ>(
  app: ApplicationOn<E>,
  options: ProxyFixOptions = {},
): ApplicationOn<E> {
  checkApplication('proxyFix', app);
  checkOptionNames('proxyFix()', options, NAMES);
  const trusted = { ...DEFAULTS };
  for (const name of NAMES) trusted[name] = countOf(name, options[name] ?? DEFAULTS[name]);
  return (environ, start_response) => {
    const originals = originalsOf(environ);
    fixAddress(environ, valueFrom(environ['HTTP_X_FORWARDED_FOR'], trusted.for));
    fixScheme(environ, valueFrom(environ['HTTP_X_FORWARDED_PROTO'], trusted.proto));
    fixHost(environ, valueFrom(environ['HTTP_X_FORWARDED_HOST'], trusted.host));
    fixPort(environ, valueFrom(environ['HTTP_X_FORWARDED_PORT'], trusted.port));
    fixPrefix(environ, valueFrom(environ['HTTP_X_FORWARDED_PREFIX'], trusted.prefix));
    environ['node.proxy_fix.orig'] = originals;
    return app(environ, start_response);
  };
}

function countOf(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ConfigError(`${name} of proxyFix() is a number of proxies, not ${inspect(value)}`);
}

function originalsOf(environ: AnyEnviron): ProxyFixOriginals {
  const { REMOTE_ADDR, SERVER_NAME, SERVER_PORT, SCRIPT_NAME } = environ;
  const { HTTP_HOST, REMOTE_PORT, 'wsgi.url_scheme': scheme } = environ;
  const originals = {
    REMOTE_ADDR,
    SERVER_NAME,
    SERVER_PORT,
    SCRIPT_NAME,
    HTTP_HOST,
    'wsgi.url_scheme': scheme,
  };
  return Object.freeze(REMOTE_PORT === undefined ? originals : { ...originals, REMOTE_PORT });
}

/** Empty values count: a proxy that had nothing to say must not give its place to what the client sent. */
function valueFrom(header: string | undefined, count: number): string {
  if (count === 0 || header === undefined) return '';
  return header.split(',').at(-count)?.trim() ?? '';
}

function fixAddress(environ: AnyEnviron, value: string): void {
  if (value === '') return;
  const address = addressIn(value);
  if (address === undefined) return;
  environ.REMOTE_ADDR = address;
  // It is that of the proxy's connection; that of the client is not known.
  delete environ.REMOTE_PORT;
}

function fixScheme(environ: AnyEnviron, value: string): void {
  if (value !== '') environ['wsgi.url_scheme'] = schemeIn(value);
}

function fixHost(environ: AnyEnviron, value: string): void {
  if (value === '') return;
  const { host, port } = authorityIn(value);
  environ['HTTP_HOST'] = value;
  environ.SERVER_NAME = host;
  if (port !== '') environ.SERVER_PORT = port;
}

function fixPort(environ: AnyEnviron, value: string): void {
  if (value === '') return;
  const port = portIn(value);
  const host = environ['HTTP_HOST'];
  if (host !== undefined && host !== '') environ['HTTP_HOST'] = `${authorityIn(host, 'Host').host}:${port}`;
  environ.SERVER_PORT = port;
}

function fixPrefix(environ: AnyEnviron, value: string): void {
  if (value !== '') environ.SCRIPT_NAME = prefixIn(value);
}
