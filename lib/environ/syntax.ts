/** Names and values in the heads of requests and responses: what they are made of, and how a wrong value is named. */

/** RFC 9110 section 5.6.2: what method names, header names and WebSocket subprotocols are made of. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

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

/**
 * True, in any case of letters, for headers of one connection: only the server may send them (RFC 9110 section 7.6.1,
 * PEP 3333 "Other HTTP Features").
 */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name.toLowerCase());
}

/** An address as REMOTE_ADDR has it: IPv4 on a socket of both families, `::ffff:127.0.0.1`, loses its prefix. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/**
 * SCRIPT_NAME has no slash at its end (RFC 3875 section 4.1.13). By hand: an expression is quadratic in the slashes
 * that are not at the end.
 */
export function withoutSlashesAtEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}

/** `a string`, `an object of type Map`, `null`: for a message, which never shows the value: it may be a secret. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const type: unknown = value.constructor;
  const name = typeof type === 'function' ? type.name : '';
  return name === '' || name === 'Object' ? 'an object' : `an object of type ${name}`;
}

/** Only SP and HTAB are blank in HTTP; U+00A0 and U+0085 are data. By hand: an expression is quadratic in them. */
export function trimBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * A URL in text that may be none. (`URL.canParse` calls text with a character like `ü` none once V8 has compiled it, on Node
 * 20 and 22.)
 * @returns undefined for what is no URL.
 */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
