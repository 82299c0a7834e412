/** The header of the PROXY protocol as bytes: version 1 is a line of text, version 2 is binary (proxy-protocol.txt, section 2). */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { inspect } from 'node:util';
import type { ProxiedPeer } from './peer.js';

export type ProxyVersions = readonly ('v1' | 'v2')[];

/** The connection cannot be used; the message is the end of a sentence. */
export class ProxyHeaderFault extends Error {}

export interface ProxyHeader {
  readonly peer: ProxiedPeer;
  /** Bytes of it. */
  readonly length: number;
}

const V1_START = Buffer.from('PROXY ');
/** Section 2.1: the longest line, with its end. */
const V1_LONGEST = 107;
const V2_START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_HEAD = 16;

/** As many bytes of a header are enough to know that it is one. */
export const PROXY_HEADER_START = V2_START.length;

/** @throws ProxyHeaderFault for what begins as a header and is not one. */
export function parseProxyHeader(
  bytes: Buffer,
  versions: ProxyVersions,
): ProxyHeader | 'incomplete' | 'none' {
  for (const [version, start, parse] of [
    ['v1', V1_START, parseText],
    ['v2', V2_START, parseBinary],
  ] as const) {
    if (!versions.includes(version)) continue;
    const seen = Math.min(bytes.length, start.length);
    if (!bytes.subarray(0, seen).equals(start.subarray(0, seen))) continue;
    return seen < start.length ? 'incomplete' : parse(bytes);
  }
  return 'none';
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n` */
function parseText(bytes: Buffer): ProxyHeader | 'incomplete' {
  const end = bytes.subarray(0, V1_LONGEST).indexOf('\r\n');
  if (end === -1) {
    if (bytes.length < V1_LONGEST) return 'incomplete';
    throw new ProxyHeaderFault(`its header of the PROXY protocol does not end within ${V1_LONGEST} bytes`);
  }
  const line = bytes.toString('latin1', 0, end);
  const length = end + 2;
  // What follows UNKNOWN is to be ignored.
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { peer: { protocol: 'UNKNOWN' }, length };
  const parts = line.split(' ');
  const [, protocol = '', source = '', destination = '', sourcePort = '', destinationPort = ''] = parts;
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isPlainIPv6 : () => false;
  if (parts.length !== 6 || !isAddress(source) || !isAddress(destination)) throw badLine(line);
  const client = { address: source, port: portIn(sourcePort) };
  const proxy = { address: destination, port: portIn(destinationPort) };
  if (client.port === undefined || proxy.port === undefined) throw badLine(line);
  return { peer: { protocol, client: plain(client), proxy: plain(proxy) }, length };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** Decimal, without a zero before others. */
function portIn(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined;
}

function badLine(line: string): ProxyHeaderFault {
  return new ProxyHeaderFault(`its header of the PROXY protocol is wrong: ${inspect(line)}`);
}

const LOCAL = 0x20;
const PROXY = 0x21;
/** Family and transport, and how long the addresses are. */
const FAMILIES = new Map([
  [0x00, { protocol: 'UNSPEC', length: 0 }],
  [0x11, { protocol: 'TCP4', length: 12 }],
  [0x21, { protocol: 'TCP6', length: 36 }],
  [0x31, { protocol: 'UNIX', length: 216 }],
]);

function parseBinary(bytes: Buffer): ProxyHeader | 'incomplete' {
  if (bytes.length < V2_HEAD) return 'incomplete';
  const command = bytes.readUInt8(12);
  const family = FAMILIES.get(bytes.readUInt8(13));
  const size = bytes.readUInt16BE(14);
  const length = V2_HEAD + size;
  if (command !== LOCAL && command !== PROXY) throw bad(`version and command are 0x${command.toString(16)}`);
  // Health checks of the proxy itself: the addresses, if there are any, mean nothing.
  if (command === LOCAL)
    return bytes.length < length ? 'incomplete' : { peer: { protocol: 'LOCAL' }, length };
  if (family === undefined) throw bad(`family and transport are 0x${bytes.readUInt8(13).toString(16)}`);
  if (size < family.length) throw bad(`${size} bytes are too few for addresses of ${family.protocol}`);
  if (bytes.length < length) return 'incomplete';
  // After the addresses there may be more (TLVs), which is skipped.
  return { peer: addressesOf(family.protocol, bytes.subarray(V2_HEAD, V2_HEAD + family.length)), length };
}

function addressesOf(protocol: string, bytes: Buffer): ProxiedPeer {
  if (protocol === 'UNSPEC') return { protocol };
  // As on a Unix socket of ours, the client has no address.
  if (protocol === 'UNIX') return { protocol, client: { address: '', port: undefined } };
  const size = protocol === 'TCP4' ? 4 : 16;
  const at = (place: number, port: number) =>
    plain({ address: addressIn(bytes.subarray(place, place + size)), port: bytes.readUInt16BE(port) });
  return { protocol, client: at(0, 2 * size), proxy: at(size, 2 * size + 2) };
}

function addressIn(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return groups.join(':');
}

/** One spelling for one address, as the system has it (RFC 5952). */
function plain<A extends { readonly address: string }>(peer: A): A {
  if (!isIPv6(peer.address)) return peer;
  return { ...peer, address: new SocketAddress({ address: peer.address, family: 'ipv6' }).address };
}

function bad(why: string): ProxyHeaderFault {
  return new ProxyHeaderFault(`its header of the PROXY protocol is wrong: ${why}`);
}
