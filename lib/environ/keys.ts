/** The names of headers and the keys that they have in environ. */

/** A header that is kept out of environ, or that sets something other than an `HTTP_` key. */
export const DROPPED = '';

/** As many names are remembered, and none that are longer: a client that invents names cannot grow it further. */
const MEMORY = 1000;
const LONGEST = 64;

const special: ReadonlyMap<string, string> = new Map([
  ['content-type', 'CONTENT_TYPE'],
  ['content-length', 'CONTENT_LENGTH'],
  // CGI's HTTP_PROXY is read as a proxy setting by many libraries ("httpoxy", CVE-2016-5385).
  ['proxy', DROPPED],
  // Decoded by the gateway: an application that sees it might decode the body again.
  ['transfer-encoding', DROPPED],
]);
/** By the name as it was sent: clients spell one alike each time. */
const known = new Map<string, string>();

/**
 * The environ key of a request header (RFC 3875 section 4.1.18), or `DROPPED`. A name with an underscore is dropped:
 * it would take the key of the name with a dash, which a proxy in front may have checked.
 * @param name in any case.
 */
export function environKey(name: string): string {
  let key = known.get(name);
  if (key === undefined) {
    key = keyOf(name);
    if (known.size < MEMORY && name.length <= LONGEST) known.set(name, key);
  }
  return key;
}

function keyOf(name: string): string {
  if (name.includes('_')) return DROPPED;
  // Names are ASCII here (the parser refuses others), so that a change of case cannot change their length.
  return special.get(name.toLowerCase()) ?? `HTTP_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** Keys of headers that may stand only once, for they frame or route the request (RFC 9110 section 5.3, RFC 9112 section 3.2). */
export const SINGLE: ReadonlySet<string> = new Set(['HTTP_HOST', 'CONTENT_TYPE', 'CONTENT_LENGTH']);
