/** Sync when it can be: what returned at once is never awaited, so that a sync application stays one. */
import type { MaybePromise } from './types.js';

/** True for everything that `await` would wait for. */
export function isPromise<T = unknown>(value: unknown): value is PromiseLike<T> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Other objects with a `then` are foreign code: it may call back twice, or at once, or throw. */
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

/** Work that may have to wait, written once for both kinds of handler: what it waits for goes through `step`. */
export type Steps<T> = Generator<unknown, T, unknown>;

/** `yield* step(value)` in a generator is `await value`, but waits for nothing that is not a promise. */
export function* step<T>(value: MaybePromise<T>): Steps<T> {
  // `runSteps` gives back what a promise settled to, or the value itself.
  return (yield value) as T;
}

/** Runs the steps: to the end, now, unless one is a promise. */
export function runSteps<T>(steps: Steps<T>): MaybePromise<T> {
  let next = steps.next();
  while (!next.done) {
    if (isPromise(next.value)) return finishSteps(steps, next.value);
    next = steps.next(next.value);
  }
  return next.value;
}

/** A loop, not a chain of promises: it would hold one for each block of a long body. */
async function finishSteps<T>(steps: Steps<T>, first: PromiseLike<unknown>): Promise<T> {
  let waiting: unknown = first;
  for (;;) {
    let value = waiting;
    let failure: { readonly error: unknown } | undefined;
    if (isPromise(waiting)) {
      try {
        value = await waiting;
      } catch (error) {
        failure = { error };
      }
    }
    const next = failure === undefined ? steps.next(value) : steps.throw(failure.error);
    if (next.done) return next.value;
    waiting = next.value;
  }
}

/** For what blocks, where there can be no promise. @throws TypeError if there is one. */
export function now<T>(value: MaybePromise<T>): T {
  if (isPromise(value)) throw new TypeError('A promise, where every call blocks');
  return value;
}

/** For what has to be a function and has nothing to do. */
export function ignore(): void {}

/**
 * Waits for `work`, but no longer than so many milliseconds. What is not done by then goes on; if it fails, that is ignored.
 * @returns true if it was done in time. @throws what `work` fails with in time.
 */
export async function inTime(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    // It would keep the process running.
    clearTimeout(timer);
  }
}
