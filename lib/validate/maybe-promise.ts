/** Sync stays sync: what returned at once is never awaited. */
import type { MaybePromise } from '../environ/types.js';

export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    value !== null && typeof value === 'object' && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Runs `next` with the value: now, or when its promise settles. A rejection goes through. */
export function whenDone<T, R>(value: T | PromiseLike<T>, next: (value: T) => R): MaybePromise<R> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value);
}
