/** What of a request decides over its cookies and over what it is told of the host. */
import { isIP } from 'node:net';
import type { CookieScope } from '../../../testing/cookie.js';
import type { Fields, RecordedRequest } from '../../exchange.js';
import { firstValue } from '../../fields.js';

/** The host of a list of requests, which names none. */
export const DEFAULT_HOST = 'localhost';

/** The `Host` that a request names, with its port. */
export function hostOf({ fields, target }: RecordedRequest): string {
  const [, authority] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(target) ?? [];
  return authority ?? firstValue(fields, 'host') ?? DEFAULT_HOST;
}

export function scopeOf(request: RecordedRequest): CookieScope {
  const [, path = '/'] = /^(?:[a-z][a-z\d+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(request.target) ?? [];
  const host = hostOf(request).replace(/:\d+$/, '').toLowerCase();
  return { host, path: path || '/', secure: true };
}

/** The host of a server that may serve several sites, and tells them apart by it; undefined for an address, or this machine. */
export function ownHost({ hostname, host }: URL): string | undefined {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 || /(?:^|\.)localhost$/.test(hostname)
    ? undefined
    : host;
}

/** The request with another `Host`, and with it where `Origin` and `Referer` named the recorded one. */
export function withHost(request: RecordedRequest, host: string | undefined): RecordedRequest {
  const recorded = hostOf(request);
  const wanted = host ?? recorded;
  const fields: [string, string][] = [];
  let found = false;
  for (const [name, value] of request.fields) {
    const key = name.toLowerCase();
    if (key === 'host') found = true;
    if (key === 'host') fields.push([name, wanted]);
    else fields.push([name, key === 'origin' || key === 'referer' ? moved(value, recorded, wanted) : value]);
  }
  const complete: Fields = found ? fields : [['Host', wanted], ...fields];
  return { ...request, fields: complete };
}

function moved(url: string, from: string, to: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*)(.*)$/is.exec(url) ?? [];
  return host.toLowerCase() === from.toLowerCase() && host !== '' ? scheme + to + rest : url;
}
