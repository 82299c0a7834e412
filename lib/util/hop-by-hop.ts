/** Python's `wsgiref.util.is_hop_by_hop`. */
import { isHopByHop as isOurs } from '../environ/syntax.js';

/**
 * What our gateway refuses in a response and wsgiref does not name: its list is that of RFC 2616 section 13.5.1, word
 * for word, where the header `Trailer` is misspelt.
 */
const NOT_IN_PYTHON: ReadonlySet<string> = new Set(['proxy-connection', 'trailer']);

/** True for the headers that wsgiref leaves to the server, in any case of letters. `Trailer` is not among them. */
export function isHopByHop(name: string): boolean {
  return isOurs(name) && !NOT_IN_PYTHON.has(name.toLowerCase());
}
