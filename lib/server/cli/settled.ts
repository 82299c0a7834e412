/** Waits for code of the user's, which may wait for something that never comes. */
import { ConfigError } from '../../errors.js';

/** Nothing is left that could settle it: no timer, no socket, no other promise. */
export class NeverSettled extends ConfigError {}

/**
 * What `promise` gives. By itself Node ends a process that has nothing left to do, even though code waits in it: without a
 * word, or with the name of the file it was started with, which is ours.
 * @throws NeverSettled in that case, whose message begins with `what`.
 */
export function settled<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const idle = () => reject(new NeverSettled(`${what} waits for something that never comes`));
    process.once('beforeExit', idle);
    const settle = () => process.removeListener('beforeExit', idle);
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}
