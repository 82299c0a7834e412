/** What every gateway asks first: that there is something to call. */
import { ConfigError } from '../errors.js';

/** @throws ConfigError */
export function checkApplication(application: unknown): void {
  if (typeof application !== 'function') {
    throw new ConfigError(
      `An application is a function of (environ, start_response), not ${typeof application}`,
    );
  }
}
