/** Sync when it can be: what returned at once is never awaited, so that a sync application stays one. */
import type { MaybePromise } from '../environ/types.js';

/** Runs `next` with a value that is here, now; with that of a promise, when it settles. */
export function andThen<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isThenable<T>(value) ? Promise.resolve(value).then(next) : next(value as T);
}

function isThenable<T>(value: unknown): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
