/**
 * Connections that begin with a header of the PROXY protocol (haproxy's proxy-protocol.txt, versions 1 and 2): it is read
 * before TLS and HTTP see the connection. A trusted proxy has to send one, for a guess could take a client's bytes for it
 * (section 5); from all others it is an error.
 */
import type { Server as HttpServer } from 'node:http';
import { type BlockList, isIP, type Socket } from 'node:net';
import { plainAddress } from '../../environ/syntax.js';
import { logger } from '../../logger.js';
import type { ResolvedOptions } from '../options/options.js';
import { blockList } from './forwarded.js';
import { takeConnections } from './node-internals.js';
import { setPeer } from './peer.js';
import {
  PROXY_HEADER_START,
  ProxyHeaderFault,
  type ProxyVersions,
  parseProxyHeader,
} from './proxy-header-syntax.js';

type Settings = Pick<ResolvedOptions, 'proxyProtocol' | 'proxyAllowFrom' | 'headersTimeout' | 'socketPath'>;

/**
 * Puts the header before what listens for `connection` so far.
 * @param arrived called at once for each connection.
 */
export function readProxyHeaders(
  http: HttpServer,
  settings: Settings,
  arrived: (socket: Socket) => void,
): void {
  const { proxyProtocol, proxyAllowFrom, headersTimeout, socketPath } = settings;
  if (proxyProtocol === 'off') return;
  const versions: ProxyVersions = proxyProtocol === 'auto' ? ['v1', 'v2'] : [proxyProtocol];
  const trusted =
    socketPath !== undefined || proxyAllowFrom.includes('*') ? undefined : blockList(proxyAllowFrom);
  const serve = takeConnections(http);
  const seen = new WeakSet<Socket>();
  http.on('connection', (socket) => {
    const admit = () => serve(socket);
    // It was handed back to the HTTP server for its next request.
    if (seen.has(socket)) return admit();
    seen.add(socket);
    arrived(socket);
    // It was reset before it was accepted, as health checks do, and has no address any more.
    if (trusted !== undefined && socket.remoteAddress === undefined) return void socket.destroy();
    new HeaderReader(socket, versions, isTrusted(socket, trusted), headersTimeout * 1000, admit);
  });
}

/** @param trusted undefined: everyone is. */
function isTrusted({ remoteAddress }: Socket, trusted: BlockList | undefined): boolean {
  if (trusted === undefined) return true;
  const address = plainAddress(remoteAddress ?? '');
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** One connection, until its header is there. */
class HeaderReader {
  readonly #socket: Socket;
  readonly #versions: ProxyVersions;
  readonly #trusted: boolean;
  readonly #admit: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, versions: ProxyVersions, trusted: boolean, timeout: number, admit: () => void) {
    this.#socket = socket;
    this.#versions = versions;
    this.#trusted = trusted;
    this.#admit = admit;
    socket.on('readable', this.#read);
    socket.on('end', this.#ended);
    socket.on('error', this.#failed);
    socket.on('close', this.#leave);
    if (timeout > 0) this.#timer = setTimeout(() => this.#overdue(timeout / 1000), timeout).unref();
  }

  readonly #read = (): void => {
    for (;;) {
      const packet: Buffer | null = this.#socket.read();
      if (packet === null) return;
      this.#bytes = this.#bytes.length === 0 ? packet : Buffer.concat([this.#bytes, packet]);
      if (this.#parse()) return;
    }
  };

  /** True if nothing more is read here. */
  #parse(): boolean {
    try {
      const header = parseProxyHeader(this.#bytes, this.#versions);
      // Of others than proxies a header is not kept: it may be long.
      if (header === 'incomplete' && (this.#trusted || this.#bytes.length < PROXY_HEADER_START)) return false;
      if (header === 'none') {
        if (this.#trusted)
          throw new ProxyHeaderFault(`it does not begin with a header of the PROXY protocol`);
        this.#pass(this.#bytes);
      } else if (this.#trusted && header !== 'incomplete') {
        setPeer(this.#socket, header.peer);
        this.#pass(this.#bytes.subarray(header.length));
      } else
        throw new ProxyHeaderFault(
          'it begins with a header of the PROXY protocol, and is not one of those that may send it (proxy-allow-from)',
        );
    } catch (error) {
      if (!(error instanceof ProxyHeaderFault)) throw error;
      this.#refuse(error.message);
    }
    return true;
  }

  #pass(rest: Buffer): void {
    this.#leave();
    if (rest.length > 0) this.#socket.unshift(rest);
    this.#admit();
  }

  #refuse(why: string): void {
    const { remoteAddress = 'a Unix socket', remotePort } = this.#socket;
    this.#leave();
    this.#socket.on('error', this.#failed);
    this.#socket.destroy();
    const from = remotePort === undefined ? remoteAddress : `${remoteAddress} port ${remotePort}`;
    logger.warning(`A connection from ${from} was closed: ${why}`);
  }

  #overdue(seconds: number): void {
    // One that has sent nothing is as any idle connection.
    if (this.#bytes.length === 0) this.#socket.destroy();
    else this.#refuse(`its header of the PROXY protocol did not come to its end within ${seconds} s`);
  }

  readonly #ended = (): void => {
    if (this.#bytes.length === 0) this.#socket.destroy();
    else this.#refuse('it ended within its header of the PROXY protocol');
  };

  readonly #failed = (): void => {
    this.#socket.destroy();
  };

  readonly #leave = (): void => {
    clearTimeout(this.#timer);
    this.#socket.removeListener('readable', this.#read);
    this.#socket.removeListener('end', this.#ended);
    this.#socket.removeListener('error', this.#failed);
    this.#socket.removeListener('close', this.#leave);
  };
}
