/** Sockets that systemd has opened for this process (sd_listen_fds(3)): they outlive it, so that a restart refuses nobody. */
import { ConfigError } from '../errors.js';
import type { ServerOptions } from './options/options.js';

/** The first of them (SD_LISTEN_FDS_START). */
const FIRST = 3;

let count: number | undefined;

/**
 * How many sockets there are, from descriptor 3 on. The variables are removed: for another process the numbers would mean
 * something else. (Node closes the descriptors in processes that it starts.)
 */
export function inheritedSockets(): number {
  if (count === undefined) {
    const { LISTEN_PID: pid, LISTEN_FDS: given = '' } = process.env;
    // Else it was meant for a process that started this one.
    const ours = pid === String(process.pid) && /^[1-9]\d{0,5}$/.test(given);
    count = ours ? Number(given) : 0;
    // Their names are of no use here: a server has one socket.
    for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'])
      delete process.env[name];
  }
  return count;
}

/**
 * Options that listen on the socket of systemd, if there is one and they do not say where to listen.
 * @throws ConfigError if there are several: a server listens on one.
 */
export function withActivation(options: ServerOptions): ServerOptions {
  const sockets = inheritedSockets();
  const { bind, host, port } = options;
  if (sockets === 0 || bind !== undefined || host !== undefined || port !== undefined) return options;
  if (sockets > 1) {
    const last = FIRST + sockets - 1;
    throw new ConfigError(
      `There are ${sockets} sockets of systemd (LISTEN_FDS), and a server listens on one: choose it with --bind fd://${FIRST}, up to fd://${last}, and start a service for each`,
    );
  }
  return { ...options, bind: `fd://${FIRST}` };
}
