/** Sync when it can be: what returned at once is never awaited, so that the same code runs in a blocking thread. */
import type { MaybePromise } from '../environ/types.js';

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    (typeof value === 'object' || typeof value === 'function') &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** Runs `next` with the result of `value`: now, or when the promise settles. */
export function andThen<T>(value: unknown, next: () => MaybePromise<T>): MaybePromise<T> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next();
}
