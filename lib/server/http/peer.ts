/** Who is at the other end of a connection: what a trusted proxy says in front of it, and the certificate of the client. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { certificateVariables } from './client-certificate.js';

/** The client, as a header of the PROXY protocol names it; without addresses it is the peer itself. */
export interface ProxiedPeer {
  /** environ's `PROXY_PROTOCOL`, in gunicorn's words: TCP4, TCP6, UNIX, UNKNOWN (version 1), UNSPEC or LOCAL (version 2). */
  readonly protocol: string;
  readonly client?: ProxiedAddress | undefined;
  /** Where the client connected to. */
  readonly proxy?: ProxiedAddress | undefined;
}

export interface ProxiedAddress {
  readonly address: string;
  readonly port: number | undefined;
}

const kProxied = Symbol('wsgi proxied peer');

interface KnownSocket extends Socket {
  [kProxied]?: ProxiedPeer;
}

/** The header of a connection was read. */
export function setPeer(socket: Socket, peer: ProxiedPeer): void {
  (socket as KnownSocket)[kProxied] = peer;
}

export interface Peer {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** More keys of environ. */
  readonly variables: Readonly<Record<string, string>> | undefined;
}

/** @param carrier the socket below one of TLS. */
export function peerOf(socket: Socket, carrier: Socket | undefined): Peer {
  const proxied = ((carrier ?? socket) as KnownSocket)[kProxied];
  const certificate = carrier === undefined ? undefined : certificateVariables(socket as TLSSocket);
  if (proxied === undefined) {
    const { remoteAddress, remotePort } = socket;
    return { remoteAddress, remotePort, variables: certificate };
  }
  const variables = { ...proxyVariables(proxied), ...certificate };
  // LOCAL and UNKNOWN: the proxy speaks for itself.
  const { client = { address: socket.remoteAddress, port: socket.remotePort } } = proxied;
  return { remoteAddress: client.address, remotePort: client.port, variables };
}

/** As gunicorn's: SERVER_NAME and SERVER_PORT stay those of the server. */
function proxyVariables({ protocol, proxy }: ProxiedPeer): Record<string, string> {
  const variables: Record<string, string> = { PROXY_PROTOCOL: protocol };
  if (proxy !== undefined && proxy.port !== undefined) {
    variables['PROXY_ADDR'] = proxy.address;
    variables['PROXY_PORT'] = String(proxy.port);
  }
  return variables;
}
