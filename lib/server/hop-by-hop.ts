/** Headers that belong to one connection (RFC 9110 section 7.6.1, PEP 3333 "Other HTTP Features"). */
const HOP_BY_HOP = new Set([
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

/** A server handler sets these for the connection that it thinks it has; an application must not. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}
