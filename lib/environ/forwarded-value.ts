/** What the server in front says of a request: values of X-Forwarded-*, checked because applications trust environ; HTTPS. */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { RequestError } from '../errors.js';
import { isAuthority } from './environ.js';
import { unquoteToNative } from './native-string.js';
import { plainAddress, withoutSlashesAtEnd } from './syntax.js';

/** An address as a port may follow it: IPv6 is then in brackets. Some gateways of Azure send the client's port. */
const HOP = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/;
/** The last colon outside of brackets begins the port: `[::1]` has none. */
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;

/** Traefik sends the last two with WebSocket handshakes, which are requests of http and https all the same. */
const SCHEMES = new Map<string, 'http' | 'https'>([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
]);

/** What Apache and others put into HTTPS; nothing else counts, `ON` and `true` neither. */
const ON: ReadonlySet<unknown> = new Set(['yes', 'on', '1']);

/** `unknown`, or an obfuscated name that begins with `_` (RFC 7239 section 6): the proxy does not say. */
const HIDDEN = /^(?:unknown|_[\w.-]+)(?::(?:\d{1,5}|_[\w.-]+))?$/i;

/**
 * An IP address without port and brackets: REMOTE_ADDR. Undefined where the proxy does not say it.
 * @throws RequestError 400
 */
export function addressIn(value: string): string | undefined {
  if (HIDDEN.test(value)) return undefined;
  if (isIP(value) !== 0) return plainAddress(value);
  const [, ipv6 = '', ipv4 = ''] = HOP.exec(value) ?? [];
  if (isIPv6(ipv6)) return plainAddress(ipv6);
  if (isIPv4(ipv4)) return ipv4;
  throw refused('X-Forwarded-For', 'an IP address');
}

/** In any case of letters (RFC 3986 section 3.1). @throws RequestError 400 */
export function schemeIn(value: string): 'http' | 'https' {
  const scheme = SCHEMES.get(value.toLowerCase());
  if (scheme === undefined) throw refused('X-Forwarded-Proto', 'http or https');
  return scheme;
}

/** `port` is `''` if there is none; brackets stay (RFC 3875 section 4.1.14). @throws RequestError 400 */
export function authorityIn(value: string, header = 'X-Forwarded-Host'): { host: string; port: string } {
  const [, host = '', port = ''] = (isAuthority(value) && HOST_AND_PORT.exec(value)) || [];
  if (host === '') throw refused(header, 'a host, or a host and a port');
  return { host, port: port === '' ? '' : portIn(port, header) };
}

/** @throws RequestError 400 */
export function portIn(value: string, header = 'X-Forwarded-Port'): string {
  if (/^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65535) return value;
  throw refused(header, 'a port');
}

/**
 * A path as SCRIPT_NAME has it: percent-decoded, without a slash at its end. Two at its start would be another host, in
 * a redirect. @throws RequestError 400
 */
export function prefixIn(value: string): string {
  const path = withoutSlashesAtEnd(unquoteToNative(value));
  if (path === '' || /^\/(?!\/)/.test(path)) return path;
  throw refused('X-Forwarded-Prefix', 'a path');
}

/**
 * Python's `wsgiref.util.guess_scheme`, for a gateway that a web server calls by CGI or FastCGI. An environ of ours has the answer in
 * `wsgi.url_scheme`.
 */
export function guessScheme(environ: Readonly<Record<string, unknown>>): 'http' | 'https' {
  return ON.has(environ['HTTPS']) ? 'https' : 'http';
}

function refused(header: string, rule: string): RequestError {
  return new RequestError(400, `The header ${header} is not ${rule}`);
}
