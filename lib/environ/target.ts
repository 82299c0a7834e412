/** The request target (RFC 9112 section 3.2), taken apart as environ needs it. */
import { RequestError } from '../errors.js';

export interface Target {
  /** Still percent-encoded. `*` for an OPTIONS request of the whole server. */
  path: string;
  query: string;
  /** The authority of an absolute-form target, which replaces Host (RFC 9112 section 3.2.2). */
  authority: string | undefined;
}

/** host or host:port; the host a reg-name, an IPv4 address or an IPv6 literal (RFC 3986 section 3.2.2). */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]*)(?::[0-9]*)?$/;
const ABSOLUTE = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/;

/**
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
  const [, otherScheme = '', authority = '', rest = ''] = parts;
  checkScheme(otherScheme.toLowerCase(), scheme);
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
  // A fragment has no place in a target; what real servers do is to leave it out of path and query.
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
