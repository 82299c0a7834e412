/** A socket that the process inherits (`fd://3`): what kind it is, and where it listens. */
import { fstatSync, readFileSync } from 'node:fs';
import { type AddressInfo, Socket } from 'node:net';
import { ConfigError } from '../../errors.js';
import type { ResolvedOptions } from '../options/options.js';

/** Where a server listens: these options in place of those that were given. */
export type Place = Pick<ResolvedOptions, 'host' | 'port' | 'socketPath' | 'descriptor'>;

/**
 * Options whose `host` and `port`, or `socketPath`, are those of the socket that `descriptor` names; others as they are.
 * To be called in the process that has the socket.
 * @throws ConfigError if it is not a socket that a server can listen on.
 */
export function withInherited<O extends Place>(options: O): O {
  const { descriptor } = options;
  if (descriptor === undefined) return options;
  const { address, port } = addressOf(descriptor);
  if (address !== undefined && port !== undefined) return { ...options, host: address, port };
  return { ...options, socketPath: unixPath(descriptor) ?? `fd://${descriptor}` };
}

/** Sockets that were looked at. Kept: what closes one closes its descriptor. */
const seen = new Map<number, Partial<AddressInfo>>();

/** Without an address: it is a Unix socket. */
function addressOf(descriptor: number): Partial<AddressInfo> {
  const known = seen.get(descriptor);
  if (known !== undefined) return known;
  try {
    // It is never read, written or closed: only its kind and its address are asked for.
    const address = new Socket({ fd: descriptor, readable: false, writable: false }).address();
    seen.set(descriptor, address);
    return address;
  } catch (error) {
    throw notListening(descriptor, error);
  }
}

/** Why a server cannot listen on a descriptor. */
export function notListening(descriptor: number, cause: unknown): ConfigError {
  return new ConfigError(
    `fd://${descriptor} is not a socket that a server can listen on: the process that starts this one, systemd for example, has to open it (${(cause as Error).message})`,
    { cause },
  );
}

/** Linux lists the sockets of this network namespace; one with a name that is not a file has none here. */
function unixPath(descriptor: number): string | undefined {
  try {
    const inode = String(fstatSync(descriptor).ino);
    for (const line of readFileSync('/proc/self/net/unix', 'latin1').split('\n')) {
      const [, , , , , , found, ...path] = line.trim().split(' ');
      if (found === inode) return path.join(' ').startsWith('/') ? path.join(' ') : undefined;
    }
  } catch {
    // Another system.
  }
  return undefined;
}
