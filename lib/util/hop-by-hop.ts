/** Python's `wsgiref.util.is_hop_by_hop`. */

/**
 * RFC 2616 section 13.5.1, word for word; the header is `Trailer`, and `Trailers` a slip of that RFC which Python has
 * kept. What our gateway refuses in a response is the longer list of lib/server/response-head.ts: it has
 * `Proxy-Connection` and `Trailer` as well.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

/** True for the headers that wsgiref leaves to the server, in any case of letters. `Trailer` is not among them. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}
