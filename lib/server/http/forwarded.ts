/** What a trusted proxy says of its client in X-Forwarded-* becomes what environ says (nginx realip, gunicorn, waitress). */
import { BlockList, isIP } from 'node:net';
import { addressIn, authorityIn, portIn, schemeIn } from '../../environ/forwarded-value.js';
import type { BlockingEnviron, Environ } from '../../environ/types.js';
import { RequestError } from '../../errors.js';
import type { ResolvedOptions } from '../options/options.js';

/** X-Forwarded-Ssl, of older proxies; gunicorn reads it as well. */
const BY_SSL = new Map<string, 'http' | 'https'>([
  ['on', 'https'],
  ['off', 'http'],
]);

/** By the options of a gateway; undefined where no proxy is trusted. */
export function forwardedFor({
  forwardedAllowIps,
  socketPath,
}: Pick<ResolvedOptions, 'forwardedAllowIps' | 'socketPath'>): Forwarded | undefined {
  return forwardedAllowIps?.length ? new Forwarded(forwardedAllowIps, socketPath !== undefined) : undefined;
}

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
   * @param unixSocket the server listens on one. A TCP peer that has left has no address either, and is not trusted.
   */
  constructor(allowed: readonly string[], unixSocket: boolean) {
    this.#trusted = allowed.includes('*') ? undefined : blockList(allowed);
    this.#trustsPeers = unixSocket || this.#trusted === undefined;
  }

  /** The headers stay as they are; those of an untrusted peer mean nothing. @throws RequestError 400 */
  apply(environ: Environ | BlockingEnviron): void {
    const address = environ.REMOTE_ADDR;
    // Also on a Unix socket the PROXY protocol may name a client.
    if (address === '' ? !this.#trustsPeers : !this.#trustsPeer(address)) return;
    const client = this.#client(environ['HTTP_X_FORWARDED_FOR']);
    if (client !== undefined) {
      environ.REMOTE_ADDR = client;
      // It is that of the proxy's connection; the client's is not known.
      delete environ.REMOTE_PORT;
    }
    const scheme = schemeOf(environ);
    if (scheme !== undefined) environ['wsgi.url_scheme'] = scheme;
    const host = last(environ['HTTP_X_FORWARDED_HOST']);
    if (host !== undefined) environ['HTTP_HOST'] = checkedHost(host);
    const port = last(environ['HTTP_X_FORWARDED_PORT']);
    if (port !== undefined) environ.SERVER_PORT = portIn(port);
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
   * Each proxy adds its peer at the right. So the client is the first from there that is not a trusted proxy; what
   * stands left of it may be invented, and is not used.
   */
  #client(value: string | undefined): string | undefined {
    const hops = list(value);
    let client: string | undefined;
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = addressIn(hops[i] as string);
      // What is left of it cannot be known; the last known address stays.
      if (hop === undefined) break;
      client = hop;
      if (!this.#trusts(client)) break;
    }
    return client;
  }
}

/** @param allowed addresses and CIDR ranges, as the option's check passes them. */
export function blockList(allowed: readonly string[]): BlockList {
  const found = new BlockList();
  for (const entry of allowed) {
    const [address = '', bits] = entry.split('/');
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
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

/** Two headers for one thing: where a proxy sets only one and lets a client's other pass, they may differ. */
function schemeOf(environ: Environ | BlockingEnviron): 'http' | 'https' | undefined {
  const proto = last(environ['HTTP_X_FORWARDED_PROTO']);
  const ssl = last(environ['HTTP_X_FORWARDED_SSL']);
  const byProto = proto === undefined ? undefined : schemeIn(proto);
  const bySsl = ssl === undefined ? undefined : BY_SSL.get(ssl);
  if (ssl !== undefined && bySsl === undefined) {
    throw new RequestError(400, 'The header X-Forwarded-Ssl is neither on nor off');
  }
  if (byProto !== undefined && bySsl !== undefined && byProto !== bySsl) {
    throw new RequestError(400, 'The headers X-Forwarded-Proto and X-Forwarded-Ssl contradict each other');
  }
  return byProto ?? bySsl;
}

function checkedHost(host: string): string {
  authorityIn(host);
  return host;
}
