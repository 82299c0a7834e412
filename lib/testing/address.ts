/** Where a request goes: base URL and path, as a server would be sent them. */
import { inspect } from 'node:util';
import { unquoteToNative } from '../environ/native-string.js';
import { parseUrl } from '../environ/syntax.js';

/** Origin and mount point of the application under test. */
interface Site {
  readonly scheme: 'http' | 'https';
  /** As in a URL: an IPv6 address in brackets. */
  readonly hostname: string;
  /** `''` for that of the scheme. */
  readonly port: string;
  /** Percent-encoded; `''`, or `/` and more without a `/` at the end. */
  readonly mount: string;
}

export interface Address {
  readonly site: Site;
  /** The request target: mount point, path and query. */
  readonly target: string;
}

const ABSOLUTE = /^https?:\/\//i;
/** What no request target holds as it is (RFC 3986); a `%` is taken for the start of an escape that is there. */
const UNSAFE = /[^\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu;

/** @throws TypeError for anything but an http or https URL, or one with a query. */
export function parseSite(baseUrl: string): Site {
  const url = parseUrl(baseUrl);
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(
      `baseUrl is http://host/ or https://host/, perhaps with a mount point, not ${baseUrl}`,
    );
  }
  return { ...originOf(url), mount: url.pathname.replace(/\/+$/, '') };
}

/**
 * @param path within the mount point, percent-encoded or not; or a whole URL, which replaces the origin.
 * @throws TypeError for a path that is not a string, or does not start with `/`.
 */
export function addressOf(site: Site, path: string, query: string | undefined): Address {
  if (typeof path !== 'string') throw new TypeError(`A path is a string, not ${inspect(path)}`);
  const [whole = ''] = path.split('#', 1);
  const isUrl = ABSOLUTE.test(whole);
  const url = isUrl ? parseUrl(whole) : undefined;
  if (isUrl && url === undefined) throw new TypeError(`This is not a URL: ${path}`);
  if (!isUrl && whole !== '*' && !whole.startsWith('/')) {
    throw new TypeError(`A path starts with /, and ${JSON.stringify(path)} does not`);
  }
  const origin = url === undefined ? site : originOf(url);
  const rest = isUrl ? whole.replace(/^https?:\/\/[^/?]*/i, '') : whole;
  const rooted = isUrl ? (rest.startsWith('/') ? rest : `/${rest}`) : whole === '*' ? '*' : site.mount + rest;
  const [, own] = rooted.split('?', 2);
  if (own !== undefined && query !== undefined) {
    throw new TypeError(`The query is in the path (?${own}) or in the option query, not in both`);
  }
  const target = query === undefined ? rooted : `${rooted}?${query}`;
  return { site: { ...origin, mount: site.mount }, target: target.replace(UNSAFE, escapeCharacter) };
}

/** The value of Host: without the port of the scheme (RFC 9110 section 7.2). */
export function hostOf({ hostname, port }: Site): string {
  return port === '' ? hostname : `${hostname}:${port}`;
}

export function urlOf({ site, target }: Address): string {
  return `${site.scheme}://${hostOf(site)}${target === '*' ? '' : target}`;
}

/** SCRIPT_NAME. */
export function scriptNameOf(site: Site): string {
  return unquoteToNative(site.mount);
}

function originOf({ protocol, hostname, port }: URL): Omit<Site, 'mount'> {
  return { scheme: protocol === 'https:' ? 'https' : 'http', hostname, port };
}

/** Half of a surrogate pair becomes U+FFFD, as in UTF-8. */
function escapeCharacter(character: string): string {
  return encodeURIComponent(Buffer.from(character).toString());
}
