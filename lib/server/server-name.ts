/** What a server is called: where it listens, for people, and SERVER_NAME. */
import type { AddressInfo } from 'node:net';
import { hostLiteral } from './http/connection.js';
import type { ResolvedOptions } from './options/options.js';

const EVERY_INTERFACE = new Set(['', '0.0.0.0', '::']);

/**
 * `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`: a host name as it was given, else the address that it really
 * listens on, which is `0.0.0.0` or `[::]` for all interfaces.
 * @param bound what it listens on.
 */
export function serverAddress(
  { socketPath, host, certfile }: ResolvedOptions,
  bound: AddressInfo | string | null,
): string {
  if (socketPath !== undefined) return `unix:${socketPath}`;
  const { address, port } =
    typeof bound === 'object' && bound !== null ? bound : { address: '0.0.0.0', port: 0 };
  // '' is [::], or 0.0.0.0 on a machine without IPv6.
  const shown = host === '' ? address : host;
  return `${certfile === undefined ? 'http' : 'https'}://${hostLiteral(shown)}:${port}`;
}

/** SERVER_NAME, where it is the same for all requests. */
export function fixedServerName({ serverName, socketPath, host }: ResolvedOptions): string | undefined {
  if (serverName !== undefined) return hostLiteral(serverName);
  return socketPath !== undefined || EVERY_INTERFACE.has(host) ? undefined : hostLiteral(host);
}
