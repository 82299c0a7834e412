/** What went wrong in an application, for its deployer. Never through its `wsgi.errors`, which it may have replaced. */
import { describeThrown, logger } from '../logger.js';

/** Tells the deployer what went wrong in the application: a sentence, and what was thrown if anything was. */
export type Report = (message: string, error?: unknown) => void;

export function report(message: string, ...thrown: [error?: unknown]): void {
  // JavaScript can throw undefined.
  if (thrown.length === 0) logger.warning(message);
  else logger.error(`${message}\n${describeThrown(thrown[0])}`);
}

/** Listener for `unhandledRejection`: by Node's default such a promise ends the process. */
export function reportRejection(reason: unknown): void {
  logger.error(`A promise was rejected that nobody waits for\n${describeThrown(reason)}`);
}
