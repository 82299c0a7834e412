/** A fetch `Request`, as the head and the connection that environ is built from. */
import type { ConnectionFacts, RequestHead } from '../../../environ/environ.js';
import { plainAddress } from '../../../environ/syntax.js';

/** What servers give a fetch handler beside the request, as far as it names the client. */
export interface FetchInfo {
  /** `@hono/node-server`; in Hono it is `c.env`. */
  readonly incoming?: { readonly socket?: { remoteAddress?: string; remotePort?: number } };
  /** Deno. */
  readonly remoteAddr?: { readonly hostname?: string; readonly port?: number };
}

/** Scheme, authority, and what was asked for of it; a fragment never is. */
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^#]*)/i;
const AUTHORITY = /^(.*?)(?::([0-9]*))?$/;

export interface FetchRequest {
  readonly head: RequestHead;
  readonly connection: ConnectionFacts;
}

export function describeRequest(request: Request, info: FetchInfo | undefined): FetchRequest {
  const { method } = request;
  const [, scheme = 'http', authority = '', rest = ''] = URL_PARTS.exec(request.url) ?? [];
  const rawHeaders: string[] = [];
  const bodiless = !mayHaveBody(request);
  for (const [name, value] of request.headers) {
    if (bodiless && name === 'content-length') continue;
    rawHeaders.push(name, value);
  }
  // Servers may keep it out of the headers; the URL was made from it.
  if (!request.headers.has('host')) rawHeaders.push('host', authority);
  const url = rest.startsWith('/') ? rest : `/${rest}`;
  return {
    head: { method, url, httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders },
    connection: connectionOf(scheme.toLowerCase() === 'https' ? 'https' : 'http', authority, info),
  };
}

/** A Request of these two has no body, whatever the client sent. */
export function mayHaveBody({ method }: Request): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function connectionOf(
  scheme: 'http' | 'https',
  authority: string,
  info: FetchInfo | undefined,
): ConnectionFacts {
  const [, serverName, port] = AUTHORITY.exec(authority) ?? [];
  const { remoteAddress, remotePort } = clientOf(info);
  return {
    scheme,
    serverName: serverName || 'localhost',
    serverPort: port || (scheme === 'https' ? '443' : '80'),
    remoteAddr: plainAddress(remoteAddress ?? ''),
    remotePort: remotePort === undefined ? undefined : String(remotePort),
  };
}

function clientOf(info: FetchInfo | undefined): {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
} {
  if (info === undefined || info === null) return {};
  const { incoming, remoteAddr } = info;
  return incoming?.socket ?? { remoteAddress: remoteAddr?.hostname, remotePort: remoteAddr?.port };
}
