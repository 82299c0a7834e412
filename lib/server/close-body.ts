/** The end of what an application returned: `return()` of an iterator that has more to give, then `close()`. */
import { isThenable, type Puller } from './body-iterator.js';
import type { Report } from './interpreter.js';

/**
 * PEP 3333: "If the iterable returned by the application has a close() method, the server must call that method upon
 * completion of the current request". A generator has `return()` for it, which runs its `finally` blocks.
 * @returns a promise where one of the two gave one; it never rejects. Errors are reported, and change nothing else.
 */
export function closeBody(
  body: unknown,
  puller: Puller | undefined,
  report: Report,
): Promise<void> | undefined {
  // Fast path: a plain list, with which most applications answer.
  if (puller === undefined && (body as { close?: unknown } | null | undefined)?.close === undefined) return undefined;
  const failed = (error: unknown) => report('Error while the application closed its response', error);
  const pending: PromiseLike<void>[] = [];
  const call = (owner: unknown, method: unknown) => {
    if (typeof method !== 'function') return;
    try {
      const result: unknown = method.call(owner);
      if (isThenable<unknown>(result)) pending.push(result.then(undefined, failed) as PromiseLike<void>);
    } catch (error) {
      failed(error);
    }
  };
  if (puller !== undefined) call(puller, puller.return);
  if (body !== null && typeof body === 'object') call(body, (body as { close?: unknown }).close);
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
}
