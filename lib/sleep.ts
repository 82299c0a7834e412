/** Python's `time.sleep`. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for `seconds` (a fraction is fine): `await sleep(2)`.
 * @throws RangeError if `seconds` is negative or not a number, as Python's ValueError.
 */
export function sleep(seconds: number): Promise<void> {
  if (!(seconds >= 0)) throw new RangeError(`sleep length must be a non-negative number, not ${seconds}`);
  return delay(seconds * 1000);
}
