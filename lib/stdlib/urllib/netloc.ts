/** The part of a URL after `//`: who, which host, which port (RFC 3986 section 3.2), and what Python refuses there. */
import { isIPv4, isIPv6 } from 'node:net';
import { ValueError } from '../errors.js';
import { repr } from '../values.js';

export interface UserInfo {
  readonly username: string | null;
  readonly password: string | null;
}

/** Up to the last `@`. Escapes stay. */
export function userInfoOf(netloc: string): UserInfo {
  const at = netloc.lastIndexOf('@');
  if (at === -1) return { username: null, password: null };
  const info = netloc.slice(0, at);
  const colon = info.indexOf(':');
  if (colon === -1) return { username: info, password: null };
  return { username: info.slice(0, colon), password: info.slice(colon + 1) };
}

export interface HostInfo {
  /** In lower case, but for the zone of an IPv6 address; null if it is empty. */
  readonly hostname: string | null;
  /** As it is there; null if it is empty. */
  readonly port: string | null;
}

export function hostInfoOf(netloc: string): HostInfo {
  const info = netloc.slice(netloc.lastIndexOf('@') + 1);
  const open = info.indexOf('[');
  // An IPv6 address has colons of its own.
  const [host, rest] = open === -1 ? [info, undefined] : partition(info.slice(open + 1), ']');
  const [name, port] = rest === undefined ? partition(host, ':') : [host, partition(rest, ':')[1]];
  const [address] = partition(name, '%');
  const hostname = address.toLowerCase() + name.slice(address.length);
  return { hostname: hostname === '' ? null : hostname, port: port === '' ? null : port };
}

/** @throws ValueError if it is not a number of ASCII digits, or above 65535. @param shown the port, for the message. */
export function portOf(port: string, shown: string | Buffer = port): number {
  if (!/^[0-9]+$/.test(port)) {
    throw new ValueError(`Port could not be cast to integer value as ${repr(shown)}`);
  }
  if (Number(port) > 65535) throw new ValueError('Port out of range 0-65535');
  return Number(port);
}

/** @throws ValueError for brackets that hold no IPv6 address, and for characters that become delimiters in IDNA. */
export function checkNetloc(netloc: string): void {
  const opens = netloc.includes('[');
  if (opens !== netloc.includes(']')) throw new ValueError('Invalid IPv6 URL');
  if (opens) checkBracketed(partition(partition(netloc, '[')[1], ']')[0]);
  checkCompatibility(netloc);
}

function checkBracketed(host: string): void {
  if (host.startsWith('v')) {
    // `.` but for line ends, which are gone: Python removes them from every URL.
    if (!/^v[a-f0-9]+\..+$/i.test(host)) throw new ValueError('IPvFuture address is invalid');
    return;
  }
  if (isIPv4(host)) throw new ValueError('An IPv4 address cannot be in brackets');
  const [address, zone] = partition(host, '%');
  const goodZone = address === host || (zone !== '' && !zone.includes('%'));
  if (!goodZone || !isIPv6(address) || host.includes('/')) {
    throw new ValueError(`${repr(host)} does not appear to be an IPv4 or IPv6 address`);
  }
}

/** IDNA normalizes a host by NFKC, which makes `a/c` of U+2100. */
function checkCompatibility(netloc: string): void {
  const bare = netloc.replace(/[@:#?]/g, '');
  const normalized = bare.normalize('NFKC');
  if (bare !== normalized && /[/?#@:]/.test(normalized)) {
    throw new ValueError(`netloc '${netloc}' contains invalid characters under NFKC normalization`);
  }
}

/** Python's `text.partition(separator)`, without the separator. */
function partition(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
