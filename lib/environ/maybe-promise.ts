/** Sync when it can be: what returned at once is never awaited, so that a sync application stays one. */
import type { MaybePromise } from './types.js';

/** True for whatever `await` would wait for. */
export function isPromise<T = unknown>(value: unknown): value is PromiseLike<T> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** What else has a `then` is foreign code: it may call back twice, or at once, or throw. */
export function asPromise<T>(thenable: PromiseLike<T>): Promise<T> {
  return thenable instanceof Promise ? thenable : Promise.resolve(thenable);
}

/** Runs `next` with a value that is here, now; with that of a promise, when it settles. A rejection goes through. */
export function andThen<T, U>(
  value: T | PromiseLike<T>,
  next: (value: T) => MaybePromise<U>,
): MaybePromise<U> {
  return isPromise<T>(value) ? asPromise(value).then(next) : next(value);
}
