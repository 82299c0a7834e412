/** What went wrong in an application, for its deployer. Never through its `wsgi.errors`, which it may have replaced. */
import { describeThrown, logger } from '../logger.js';

export function report(message: string, ...thrown: [error?: unknown]): void {
  // JavaScript can throw undefined.
  if (thrown.length === 0) logger.warning(message);
  else logger.error(`${message}\n${describeThrown(thrown[0])}`);
}
