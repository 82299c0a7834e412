/** What PEP 3333 asks of middleware, seen by the validator inside it through the one around it. */
import { andThen } from '../environ/maybe-promise.js';
import type { Exchange } from './exchange.js';
import { fail, warn } from './violation.js';

/**
 * Before an item of the inner body is asked for. Until start_response was called the first item may be, for middleware
 * may need to know the status.
 */
export function checkNotEager(inner: Exchange): void {
  const { parent } = inner;
  if (parent === undefined || parent.returned || !inner.accepted) return;
  fail('middleware-eager', 'it asked for an item while it was being called');
}

/** How many items the middleware has yielded for those of one inner body. */
export class Pace {
  readonly #inner: Exchange;
  /** What the middleware had yielded before the inner body began. */
  readonly #before: number;

  constructor(inner: Exchange) {
    this.#inner = inner;
    this.#before = inner.parent?.items ?? 0;
  }

  /** When the inner body gives an item: there must be one of the middleware for each before it. */
  check(): void {
    const { parent, items } = this.#inner;
    if (parent === undefined || items - 1 <= parent.items - this.#before) return;
    fail('middleware-withholds', `it took ${items} items and yielded ${parent.items - this.#before}`);
  }
}

/** When the middleware's own body was closed, once `closing` is done. */
export function checkChildrenClosed(outer: Exchange, closing: readonly unknown[]): unknown {
  if (outer.openChildren().length === 0) return undefined;
  const check = (): void => {
    if (outer.openChildren().length === 0) return;
    fail('middleware-leaves-open', `that of a ${outer.request} is open`);
  };
  return andThen(settled(closing), check);
}

function settled(values: readonly unknown[]): unknown {
  const promises = values.filter(
    (value) => typeof (value as PromiseLike<unknown> | undefined)?.then === 'function',
  );
  return promises.length === 0 ? undefined : Promise.allSettled(promises);
}

/** The middleware threw: what it was given will not be closed. */
export function warnOfOpenChildren(outer: Exchange): void {
  for (const { request } of outer.openChildren()) {
    warn('not-closed', `the middleware around it threw, on a ${request}`);
  }
}
