/** What signals mean to a server: SIGINT and SIGTERM stop it, gracefully and then at once; SIGHUP depends on the terminal. */
import { isatty } from 'node:tty';
import { announce, logger } from '../logger.js';
import { takeLogSignal } from './log/log-file.js';
import type { Server } from './server.js';
import { tellServiceManager } from './service-manager.js';
import { isSupervised } from './workers/supervised.js';

/**
 * Milliseconds after which a stop says what it waits for: most are over by then, as idle connections are closed at once.
 * Workers may tell later what they wait for, so it looks as often until there is something to say.
 */
const SAY_AFTER_MS = 200;
/** A shell may send SIGHUP a moment before the terminal closes (bash's `huponexit`). */
const HANG_UP_MS = 1000;

/** What a process that has workers does with signals beyond those that every server heeds. */
export type MoreSignals = Readonly<Partial<Record<NodeJS.Signals, () => void>>>;

/**
 * Listens for the signals until the server is closed.
 * @param more for a process that has workers: SIGHUP is not for a terminal that goes away alone.
 */
export function handleSignals(server: Server, more?: MoreSignals): void {
  takeLogSignal();
  let stopped = false;
  let saying: NodeJS.Timeout | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (saying === undefined) {
      if (!isSupervised()) tellServiceManager('STOPPING=1');
      const end = Date.now() + server.options.gracefulTimeout * 1000;
      saying = setInterval(() => {
        if (sayWhatIsLeft(server, signal, end)) clearInterval(saying);
      }, SAY_AFTER_MS).unref();
    } else clearInterval(saying);
    server.close().then(() => {
      if (stopped) return;
      stopped = true;
      remove();
      announce('Server stopped.', server.options.logFormat);
      // The signal was meant for the process, which ends unless something else handles it.
      if (process.listenerCount(signal) === 0) process.exit(0);
    });
  };
  const hangUp = () => {
    if (lostTerminal()) {
      // Both the kernel and the shell send it: the second is not the user's wish to stop at once.
      if (saying === undefined) stop('SIGHUP');
      return;
    }
    more?.SIGHUP?.();
    setTimeout(() => {
      if (lostTerminal() && saying === undefined) stop('SIGHUP');
    }, HANG_UP_MS).unref();
    // Others that listen may reload by themselves.
    if (more !== undefined || process.listenerCount('SIGHUP') > 1 || isSupervised()) return;
    logger.warning(
      'SIGHUP does not reload a single process: that needs workers or --reload. The server goes on',
    );
  };
  /** Node would end at once, and leave temporary files, the Unix socket and the pid file. */
  const quit = (signal: NodeJS.Signals) => {
    stop(signal);
    void server.close();
  };
  const listeners = Object.entries({ ...more, SIGINT: stop, SIGTERM: stop, SIGQUIT: quit, SIGHUP: hangUp });
  const remove = () => {
    clearInterval(saying);
    for (const [name, listener] of listeners) process.removeListener(name, listener);
  };
  for (const [name, listener] of listeners) process.on(name, listener);
  // Until all is over, not only the sockets: a second signal then still stops at once.
  server.serveForever().then(remove, remove);
}

/** @returns true if that has been said. */
function sayWhatIsLeft(server: Server, signal: NodeJS.Signals, end: number): boolean {
  const left = server.describeRunning();
  if (left === '' || Date.now() >= end) return false;
  const until = new Date(end).toTimeString().slice(0, 8);
  const again = signal === 'SIGINT' ? 'Ctrl-C again' : `A second ${signal}`;
  announce(
    `Stopping: waiting for ${left}, up to ${server.options.gracefulTimeout} s (until ${until}). ${again} stops at once.`,
    server.options.logFormat,
  );
  return true;
}

const TERMINALS = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** True if standard input, output or error was a terminal when the process started. */
export const hadTerminal = TERMINALS.length > 0;

/** True if there was a terminal, and it was closed: with its window, or the connection of ssh. */
export function lostTerminal(): boolean {
  return hadTerminal && !TERMINALS.some((descriptor) => isatty(descriptor));
}
