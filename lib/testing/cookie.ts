/** A cookie, and how one comes out of a `Set-Cookie` header (RFC 6265 section 5.2). */
import { isIP } from 'node:net';
import { parseCookieDate } from '../util/http-date.js';

export interface Cookie {
  readonly name: string;
  /** As it was sent: a native string, not decoded. */
  readonly value: string;
  /** Lower case, without a dot in front. */
  readonly domain: string;
  /** For exactly that host; otherwise for those below it too. */
  readonly hostOnly: boolean;
  readonly path: string;
  /** Milliseconds since 1970; Infinity for a cookie of the session. */
  readonly expires: number;
  /** Sent over https only. */
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** As it was sent; kept and not acted upon, for a test has no site that it comes from. */
  readonly sameSite: string | undefined;
}

/** What of a request decides over cookies. */
export interface CookieScope {
  readonly host: string;
  /** Path of the URL, percent-encoded, without the query. */
  readonly path: string;
  readonly secure: boolean;
}

/** Undefined for a header that sets nothing: malformed, or of a domain that is not the host's. */
export function parseSetCookie(header: string, scope: CookieScope, now: number): Cookie | undefined {
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  if (equals === -1 || name === '') return undefined;
  const found = new Map<string, string>();
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = (at === -1 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at === -1 ? '' : attribute.slice(at + 1).trim();
    // Of several the last counts, except for values that are to be ignored.
    if (isMeant(key, value)) found.set(key, value);
  }
  const domain = domainFor(found.get('domain'), scope.host);
  if (domain === undefined) return undefined;
  const path = found.get('path');
  return {
    name,
    value: pair.slice(equals + 1).trim(),
    ...domain,
    path: path?.startsWith('/') ? path : defaultPath(scope.path),
    expires: expiryOf(found.get('max-age'), found.get('expires'), now),
    secure: found.has('secure'),
    httpOnly: found.has('httponly'),
    sameSite: found.get('samesite'),
  };
}

/** Whether its domain and path are those of a request (RFC 6265 section 5.4, step 1). */
export function isFor(cookie: Cookie, { host, path }: CookieScope): boolean {
  const isHost = cookie.hostOnly ? cookie.domain === host : domainMatches(host, cookie.domain);
  return isHost && pathMatches(path, cookie.path);
}

/** RFC 6265 section 5.1.3. */
function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host));
}

/** RFC 6265 section 5.1.4. */
function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith('/') || path[cookiePath.length] === '/');
}

/** The folder of the path (RFC 6265 section 5.1.4). */
export function defaultPath(path: string): string {
  const last = path.lastIndexOf('/');
  return path.startsWith('/') && last > 0 ? path.slice(0, last) : '/';
}

function isMeant(key: string, value: string): boolean {
  if (key === 'max-age') return /^-?\d+$/.test(value);
  if (key === 'expires') return parseCookieDate(value) !== undefined;
  return key !== 'domain' || value !== '';
}

function domainFor(given: string | undefined, host: string): Pick<Cookie, 'domain' | 'hostOnly'> | undefined {
  const domain = bareDomain(given ?? '');
  if (domain === '' || domain === host) return { domain: host, hostOnly: domain === '' };
  // A domain of one label stands for the public suffixes that browsers know (section 5.3, step 5).
  if (!domain.includes('.') || !domainMatches(host, domain)) return undefined;
  return { domain, hostOnly: false };
}

/** Max-Age, in seconds, goes before Expires (section 5.3, step 3). */
function expiryOf(maxAge: string | undefined, expires: string | undefined, now: number): number {
  if (maxAge !== undefined)
    return Number(maxAge) <= 0 ? Number.NEGATIVE_INFINITY : now + Number(maxAge) * 1000;
  return (expires === undefined ? undefined : parseCookieDate(expires)) ?? Number.POSITIVE_INFINITY;
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || isIP(host) !== 0;
}

/** RFC 6265, section 5.2.3: a dot at the start means nothing. */
export function bareDomain(domain: string): string {
  return domain.replace(/^\./, '').toLowerCase();
}
