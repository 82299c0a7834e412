/** The end of what an application returned: `return()` of an iterator that has more to give, then `close()`. */
import { asPromise, isPromise } from '../environ/maybe-promise.js';
import type { Puller } from './body-iterator.js';
import type { Reporter } from './report.js';

/**
 * PEP 3333: "If the iterable returned by the application has a close() method, the server must call that method upon
 * completion of the current request". A generator has `return()` for it, which runs its `finally` blocks.
 * @returns a promise where one of the two gave one; it never rejects. Errors are reported, and change nothing else.
 */
export function closeBody(
  body: unknown,
  puller: Puller | undefined,
  reporter: Reporter,
): Promise<void> | undefined {
  if (puller === undefined && isPlainList(body)) return undefined;
  const failed = (error: unknown) => reporter.say('Error while the application closed its response', error);
  const pending: Promise<void>[] = [];
  const call = <K extends string>(owner: { readonly [name in K]?: unknown }, name: K) => {
    try {
      // The property too is foreign code, where it is a getter.
      const method = owner[name];
      const result: unknown = typeof method === 'function' ? method.call(owner) : undefined;
      if (isPromise(result)) pending.push(asPromise(result).then(ignore, failed));
    } catch (error) {
      failed(error);
    }
  };
  if (puller !== undefined) call(puller, 'return');
  if (body !== null && typeof body === 'object') call(body, 'close');
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
}

/** Fast path: what most applications answer with. */
function isPlainList(body: unknown): boolean {
  try {
    return Array.isArray(body) && !('close' in body);
  } catch {
    return false;
  }
}

function ignore(): void {}
