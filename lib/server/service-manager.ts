/**
 * Tells systemd what the server does (sd_notify(3)), through `systemd-notify`, for Node has no datagram sockets of the Unix
 * kind. That is a process of its own: the unit has to say `NotifyAccess=all`. It never delays the server, nor fails it.
 */
import { spawn } from 'node:child_process';
import { logger } from '../logger.js';

export type ServiceState = 'READY=1' | 'RELOADING=1' | 'STOPPING=1';

/** Milliseconds after which a message is given up. */
const PATIENCE_MS = 5000;

/** Undefined before it was looked for; `''`: no service manager waits. */
let socket: string | undefined;
let complained = false;
/** Messages go out one after the other. */
let last: Promise<void> = Promise.resolve();

/** Takes NOTIFY_SOCKET out of the environment: what this process starts is not the service. */
export function findServiceManager(): void {
  socket ??= process.env['NOTIFY_SOCKET'] ?? '';
  delete process.env['NOTIFY_SOCKET'];
}

/** Does nothing where no NOTIFY_SOCKET was given. */
export function tellServiceManager(state: ServiceState): void {
  findServiceManager();
  if (!socket) return;
  const message: string[] = [state];
  // `Type=notify-reload` wants to know since when.
  if (state === 'RELOADING=1') message.push(`MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  const address = socket;
  last = last.then(() => send(address, message));
}

/** Resolves when it is sent, or cannot be. */
function send(address: string, message: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    // It goes on if the server ends meanwhile.
    const child = spawn('systemd-notify', [...message], {
      env: { ...process.env, NOTIFY_SOCKET: address },
      stdio: 'ignore',
      detached: true,
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS).unref();
    child.unref();
    const end = (why?: string) => {
      clearTimeout(timer);
      if (why !== undefined && !complained) {
        complained = true;
        logger.warning(`NOTIFY_SOCKET is set, but systemd was not told ${message[0]}: ${why}`);
      }
      resolve();
    };
    child.once('error', (error) => end(`systemd-notify could not be started (${error.message})`));
    child.once('exit', (code, signal) => {
      end(code === 0 ? undefined : `systemd-notify ended with ${signal ?? `code ${code}`}`);
    });
  });
}
