/** The names of headers and the keys that they have in environ. */

/** A header that is kept out of environ, or that sets something other than an `HTTP_` key. */
export const DROPPED = '';

/** As many names as are remembered; a client that invents names cannot grow it further. */
const MEMORY = 1000;

const known = new Map<string, string>([
  ['content-type', 'CONTENT_TYPE'],
  ['content-length', 'CONTENT_LENGTH'],
  // CGI's HTTP_PROXY is read as a proxy setting by many libraries ("httpoxy", CVE-2016-5385).
  ['proxy', DROPPED],
  // Decoded by the gateway: an application that sees it might decode the body again.
  ['transfer-encoding', DROPPED],
]);

/**
 * The environ key of a request header (RFC 3875 section 4.1.18), or `DROPPED`. A name with an underscore is dropped:
 * it would take the key of the name with a dash, which a proxy in front may have checked.
 * @param name in lower case.
 */
export function environKey(name: string): string {
  let key = known.get(name);
  if (key === undefined) {
    key = name.includes('_') ? DROPPED : `HTTP_${upperCase(name)}`;
    if (known.size < MEMORY) known.set(name, key);
  }
  return key;
}

function upperCase(name: string): string {
  // Names are ASCII here (the parser refuses others), so toUpperCase cannot change their length.
  return name.toUpperCase().replaceAll('-', '_');
}

/** Headers that may stand only once, for they frame or route the request (RFC 9110 section 5.3, RFC 9112 section 3.2). */
export const SINGLE = new Set(['host', 'content-type', 'content-length']);
