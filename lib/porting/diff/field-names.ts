/** Header fields by their kind: of the connection, of the framing, lists; and how a name is written in a report. */
import type { Fields } from '../exchange.js';
import { itemsOf, valuesOf } from '../fields.js';

/** Never compared: when an answer was made, and by what. */
export const ASIDE: ReadonlySet<string> = new Set(['date', 'server']);

/** They have rules of their own. */
export const APART: ReadonlySet<string> = new Set(['set-cookie', 'location', 'content-type']);

/** About the connection or the framing, not the answer (RFC 9110, section 7.6.1; RFC 9112, section 6; RFC 6455). */
const WIRE: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'sec-websocket-accept',
  'sec-websocket-extensions',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Names that count only with `wire`: those above, and those that Connection lists. */
export function wireNames(fields: Fields): ReadonlySet<string> {
  const listed = valuesOf(fields, 'connection').flatMap(itemsOf);
  return new Set([...WIRE, ...listed.map((name) => name.toLowerCase())]);
}

/** Their grammar is a list, so that one line with commas is the same as several (RFC 9110, section 5.6.1). */
const LISTS =
  /^(?:accept(?:-(?:ch|charset|encoding|language|patch|post|ranges))?|access-control-(?:allow|expose)-(?:headers|methods)|allow|alt-svc|cache-control|clear-site-data|connection|content-(?:encoding|language|security-policy(?:-report-only)?)|forwarded|link|pragma|(?:proxy|www)-authenticate|sec-websocket-(?:protocol|extensions)|server-timing|te|timing-allow-origin|trailer|transfer-encoding|upgrade|vary|via|warning|x-forwarded-for)$/;

export function isList(name: string): boolean {
  return LISTS.test(name.toLowerCase());
}

/** A list whose order says nothing (RFC 9110, section 10.2.1): in Python it is often that of a set. */
export function isSet(name: string): boolean {
  return name.toLowerCase() === 'allow';
}

const WRITTEN: Readonly<Record<string, string>> = {
  'content-md5': 'Content-MD5',
  dnt: 'DNT',
  etag: 'ETag',
  'sec-websocket-accept': 'Sec-WebSocket-Accept',
  'sec-websocket-extensions': 'Sec-WebSocket-Extensions',
  'sec-websocket-protocol': 'Sec-WebSocket-Protocol',
  te: 'TE',
  'www-authenticate': 'WWW-Authenticate',
  'x-ua-compatible': 'X-UA-Compatible',
  'x-xss-protection': 'X-XSS-Protection',
};

/** A name as people write it, whatever its case in an answer: `Content-Type`. */
export function written(name: string): string {
  const lower = name.toLowerCase();
  return WRITTEN[lower] ?? lower.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase());
}
