/** What went wrong in an application, for its deployer. Never through its `wsgi.errors`, which it may have replaced. */
import { logger } from '../logger.js';

/** Tells the deployer what went wrong in the application: a sentence, and what was thrown if anything was. */
export type Report = (message: string, error?: unknown) => void;

/** Tells it, and of which request. */
export interface Reporter {
  say: Report;
}

export function report(message: string, ...thrown: [error?: unknown]): void {
  // JavaScript can throw undefined.
  if (thrown.length === 0) logger.warning(message);
  else logger.thrown(message, thrown[0]);
}

/** What the log says of a request. */
export interface NamedRequest {
  readonly method?: string | undefined;
  /** Target or URL, as it was sent. */
  readonly url?: string | undefined;
}

/** With the request: `GET /path: message (received 2026-11-28T03:27:01.123Z)`. @param received milliseconds since the epoch. */
export function describe({ method = '', url = '' }: NamedRequest, received: number, message: string): string {
  // Without the query, where clients put what is not for logs.
  const path = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  // What a web server tells a CGI script may hold anything.
  const shown = path.replace(/[\x00-\x20\x7f-\x9f]/g, (character) => encodeURIComponent(character));
  return `${method} ${shown || '/'}: ${message} (received ${new Date(received).toISOString()})`;
}

/** Listener for `unhandledRejection`: by Node's default such a promise ends the process. */
export function reportRejection(reason: unknown): void {
  logger.thrown('Unhandled promise rejection', reason);
}
