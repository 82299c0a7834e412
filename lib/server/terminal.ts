/** The terminal that the process was started from: is it still there? */
import { isatty } from 'node:tty';

const TERMINALS = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** True if standard input, output or error was a terminal when the process started. */
export const hadTerminal = TERMINALS.length > 0;

/** True if there was a terminal, and it went away: a window was closed, a connection of ssh broke off. */
export function lostTerminal(): boolean {
  return hadTerminal && !TERMINALS.some((descriptor) => isatty(descriptor));
}
