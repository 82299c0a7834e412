/** What a trusted proxy says of its client in X-Forwarded-* becomes what environ says (nginx realip, gunicorn, waitress). */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { isAuthority } from '../environ/target.js';
import type { BlockingEnviron, Environ } from '../environ/types.js';
import { RequestError } from '../errors.js';
import { plainAddress } from './connection.js';

/** Traefik sends the last two with WebSocket handshakes, which are requests of http and https all the same. */
const BY_PROTO = new Map<string, 'http' | 'https'>([
  ['http', 'http'],
  ['https', 'https'],
  ['ws', 'http'],
  ['wss', 'https'],
]);

/** X-Forwarded-Ssl, of older proxies; gunicorn reads it as well. */
const BY_SSL = new Map<string, 'http' | 'https'>([
  ['on', 'https'],
  ['off', 'http'],
]);

/** An address as a port may follow it: IPv6 is then in brackets. Some gateways of Azure send the client's port. */
const HOP = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/;

export class Forwarded {
  /** undefined: everybody is trusted. */
  readonly #trusted: BlockList | undefined;
  /** A Unix socket is for those that its file's mode lets in, and they have no address. */
  readonly #trustsPeers: boolean;
  /** The last peer that was looked up: a proxy keeps its address. */
  #peer = '';
  #peerTrusted = false;

  /**
   * @param allowed IP addresses, CIDR ranges, or `*`; not empty.
   * @param unixSocket the server listens on one. A TCP peer that is gone has no address either: it tells nothing.
   */
  constructor(allowed: readonly string[], unixSocket: boolean) {
    this.#trusted = allowed.includes('*') ? undefined : blockList(allowed);
    this.#trustsPeers = unixSocket || this.#trusted === undefined;
  }

  /** The headers stay as they are; those of an untrusted peer mean nothing. @throws RequestError 400 */
  apply(environ: Environ | BlockingEnviron): void {
    if (!this.#trustsPeers && !this.#trustsPeer(environ.REMOTE_ADDR)) return;
    const client = this.#client(environ['HTTP_X_FORWARDED_FOR']);
    if (client !== undefined) {
      environ.REMOTE_ADDR = client;
      // That of the proxy's connection, and nobody says what the client's was.
      delete environ.REMOTE_PORT;
    }
    const scheme = schemeOf(environ);
    if (scheme !== undefined) environ['wsgi.url_scheme'] = scheme;
    const host = last(environ['HTTP_X_FORWARDED_HOST']);
    if (host !== undefined) environ['HTTP_HOST'] = checkHost(host);
    const port = last(environ['HTTP_X_FORWARDED_PORT']);
    if (port !== undefined) environ.SERVER_PORT = checkPort(port);
  }

  #trustsPeer(address: string): boolean {
    if (address !== this.#peer) {
      this.#peer = address;
      this.#peerTrusted = this.#trusts(address);
    }
    return this.#peerTrusted;
  }

  #trusts(address: string): boolean {
    if (this.#trusted === undefined) return true;
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  /**
   * Each proxy adds its peer at the right. So the client is the first from there that is no proxy of ours; what stands
   * left of it may be invented, and is not looked at.
   */
  #client(value: string | undefined): string | undefined {
    const hops = list(value);
    let client: string | undefined;
    for (let i = hops.length - 1; i >= 0; i--) {
      client = addressOf(hops[i] as string);
      if (!this.#trusts(client)) break;
    }
    return client;
  }
}

function blockList(allowed: readonly string[]): BlockList {
  const found = new BlockList();
  for (const entry of allowed) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) found.addAddress(address, family);
    else found.addSubnet(address, Number(bits), family);
  }
  return found;
}

/** A header that is empty, or was sent more than once, is a list as any other (RFC 9110 section 5.6.1). */
function list(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** What the proxy next to us says. */
function last(value: string | undefined): string | undefined {
  return list(value).at(-1);
}

function addressOf(hop: string): string {
  if (isIP(hop) !== 0) return plainAddress(hop);
  const [, ipv6 = '', ipv4 = ''] = HOP.exec(hop) ?? [];
  if (isIPv6(ipv6)) return plainAddress(ipv6);
  if (isIPv4(ipv4)) return ipv4;
  throw new RequestError(400, 'The header X-Forwarded-For has something that is no IP address');
}

/** Two headers for one thing: where a proxy sets only one and lets a client's other pass, they may differ. */
function schemeOf(environ: Environ | BlockingEnviron): 'http' | 'https' | undefined {
  const proto = last(environ['HTTP_X_FORWARDED_PROTO']);
  const ssl = last(environ['HTTP_X_FORWARDED_SSL']);
  const byProto = proto === undefined ? undefined : BY_PROTO.get(proto);
  const bySsl = ssl === undefined ? undefined : BY_SSL.get(ssl);
  if (proto !== undefined && byProto === undefined) {
    throw new RequestError(400, 'The header X-Forwarded-Proto is neither http nor https');
  }
  if (ssl !== undefined && bySsl === undefined) {
    throw new RequestError(400, 'The header X-Forwarded-Ssl is neither on nor off');
  }
  if (byProto !== undefined && bySsl !== undefined && byProto !== bySsl) {
    throw new RequestError(400, 'The headers X-Forwarded-Proto and X-Forwarded-Ssl contradict each other');
  }
  return byProto ?? bySsl;
}

function checkHost(host: string): string {
  if (isAuthority(host)) return host;
  throw new RequestError(400, 'The header X-Forwarded-Host is not a host, or a host and a port');
}

function checkPort(port: string): string {
  if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535) return port;
  throw new RequestError(400, 'The header X-Forwarded-Port is not a port');
}
