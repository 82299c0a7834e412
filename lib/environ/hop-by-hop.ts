/** Headers that belong to one connection (RFC 9110 section 7.6.1, PEP 3333 "Other HTTP Features"). */

/** `Trailers` is a slip of RFC 2616 section 13.5.1 that wsgiref has kept, `Proxy-Connection` unofficial and alive. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/** True for those, in any case of letters: only the server may send them. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}
