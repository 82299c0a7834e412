/** What the log has of a request in Python: its name, what it prints, and errors that no client can see any more. */
import type { Environ } from '../environ/types.js';
import { isClosedError } from '../environ/websocket/error.js';
import { isRequestError } from '../errors.js';
import { describeThrown, logger } from '../logger.js';

/**
 * `GET /path`: without the query, where clients put what is not for logs; nothing in it can pass for a line of its own.
 */
export function nameForLog({
  REQUEST_METHOD,
  REQUEST_URI = '',
  SCRIPT_NAME = '',
  PATH_INFO = '',
}: Environ): string {
  const path = (REQUEST_URI || SCRIPT_NAME + PATH_INFO).replace(/[?#].*$/s, '');
  const shown = path.replace(/[\x00-\x20\x7f-\x9f]/g, (character) => encodeURIComponent(character));
  return `${REQUEST_METHOD} ${shown || '/'}`;
}

/** What was printed: each line with the request. */
export function logPrinted(name: string, text: string): void {
  const lines = text.endsWith('\n') ? text.slice(0, -1) : text;
  logger.stream.write(`${name}: ${lines.replaceAll('\n', `\n${name}: `)}\n`);
}

/** Nothing of what an application does after its client has left. */
export function logLateError(name: string, error: unknown, environ: Environ): void {
  if (isRequestError(error) || isClosedError(error)) return;
  const signal: AbortSignal | undefined = environ['node.abort_signal'];
  if (signal?.aborted === true) return;
  logger.error(`${name}: Error after the response was complete\n${describeThrown(error)}`);
}
