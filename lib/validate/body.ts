/** What the application returned, under watch: Python's `wsgiref.validate.IteratorWrapper` and `check_iterator`. */
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import type { FileWrapper } from '../environ/file/file-wrapper.js';
import { andThen, ignore, isPromise } from '../environ/maybe-promise.js';
import type { Bytes, MaybePromise } from '../environ/types.js';
import { checkTotal, countBytes, type Exchange, itemSizes, type Lifetime, within } from './exchange.js';
import { checkChildrenClosed, checkNotEager, Pace } from './middleware.js';
import type { ValidatorOptions } from './rule.js';
import { checkNotDoomed } from './start-response.js';
import { fail, shapeOf, warn } from './violation.js';

interface Iterables {
  readonly [Symbol.iterator]?: unknown;
  readonly [Symbol.asyncIterator]?: unknown;
}

export function checkIterator(body: unknown): asserts body is object & Iterables {
  // Both can be iterated, by character and by number: rarely what was meant.
  if (typeof body === 'string' || ArrayBuffer.isView(body) || isAnyArrayBuffer(body)) {
    fail('body-is-string', `it returned ${shapeOf(body)}`);
  }
  if (body === null || typeof body !== 'object' || !isIterable(body)) {
    fail('body-not-iterable', `it returned ${shapeOf(body)}`);
  }
}

function isIterable(body: Iterables): boolean {
  return typeof body[Symbol.asyncIterator] === 'function' || typeof body[Symbol.iterator] === 'function';
}

type Inner = Iterator<unknown> | AsyncIterator<unknown>;
type Step = IteratorResult<unknown, unknown>;

/** Bodies that were collected as garbage, and not closed before. */
const lost = new FinalizationRegistry<Lifetime>(({ closed, request }) => {
  if (!closed) warn('not-closed', `that of a ${request} was dropped`);
});

/** Iterates as the application's body does: at once or by promises, and with its `length` if it has one. */
export class ValidatedBody {
  declare readonly length?: number;
  declare readonly [Symbol.iterator]?: () => Iterator<Bytes>;
  declare readonly [Symbol.asyncIterator]?: () => AsyncIterator<Bytes>;

  readonly #inner: object & Iterables;
  readonly #exchange: Exchange;
  readonly #life: Lifetime;
  readonly #options: ValidatorOptions;
  #iterator: ValidatedIterator | undefined;

  constructor(inner: object & Iterables, exchange: Exchange, options: ValidatorOptions) {
    this.#inner = inner;
    this.#exchange = exchange;
    this.#options = options;
    this.#life = { closed: false, request: exchange.request };
    exchange.body = this.#life;
    const { length } = inner as { length?: unknown };
    const own: Record<string | symbol, unknown> = {};
    if (Number.isInteger(length) && (length as number) >= 0) own['length'] = length;
    for (const symbol of [Symbol.iterator, Symbol.asyncIterator]) {
      if (typeof (inner as Record<symbol, unknown>)[symbol] === 'function')
        own[symbol] = () => this.#open(symbol);
    }
    Object.assign(this, own);
    lost.register(this, this.#life);
  }

  close(): unknown {
    const { close } = this.#inner as { close?: unknown };
    return closeOnce(
      this.#exchange,
      this.#life,
      () => (typeof close === 'function' ? close.call(this.#inner) : undefined),
      // An asynchronous generator closes what it iterates once its `return` is done.
      () => this.#iterator?.returning,
    );
  }

  #open(symbol: symbol): ValidatedIterator {
    if (this.#life.closed) fail('iterated-after-close', 'its iterator was asked for');
    if (this.#iterator !== undefined) fail('iterated-twice', 'a second iterator was asked for');
    const open = (this.#inner as Record<symbol, () => Inner>)[symbol] as () => Inner;
    const iterator: unknown = within(this.#exchange, () => open.call(this.#inner));
    if (iterator === null || typeof iterator !== 'object') {
      fail('body-not-iterable', `its iterator is ${shapeOf(iterator)}`);
    }
    this.#iterator = new ValidatedIterator(
      iterator as Inner,
      this.#exchange,
      this.#life,
      this.length,
      this.#options,
    );
    return this.#iterator;
  }
}

class ValidatedIterator {
  /** What `return` of an asynchronous iterator promised. */
  returning: unknown;

  readonly #inner: Inner;
  readonly #exchange: Exchange;
  readonly #life: Lifetime;
  readonly #length: number | undefined;
  readonly #pace: Pace;
  readonly #checkSize: ((block: Bytes) => void) | undefined;

  constructor(
    inner: Inner,
    exchange: Exchange,
    life: Lifetime,
    length: number | undefined,
    options: ValidatorOptions,
  ) {
    this.#inner = inner;
    this.#exchange = exchange;
    this.#life = life;
    this.#length = length;
    this.#pace = new Pace(exchange);
    this.#checkSize = options.performance === true ? itemSizes() : undefined;
  }

  next(): never {
    if (this.#life.closed) fail('iterated-after-close', 'an item was asked for');
    checkNotEager(this.#exchange);
    this.#exchange.iterating = true;
    const step: MaybePromise<Step> = within(this.#exchange, () => this.#inner.next());
    // The caller knows which of the two it iterates; the types of a body do not tell.
    return andThen(step, (result) => this.#checked(result)) as never;
  }

  return(): never {
    const result: unknown = within(this.#exchange, () => this.#inner.return?.());
    if (isPromise(result)) this.returning = result;
    return (result ?? { done: true, value: undefined }) as never;
  }

  [Symbol.iterator](): this {
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #checked(step: Step): Step {
    // It was closed while the step was under way, because the client left: no one needs the item.
    if (this.#life.closed || this.#exchange.hijacked) return step;
    try {
      checkNotDoomed(this.#exchange);
      if (step.done) this.#end();
      else this.#item(step.value);
    } catch (error) {
      // The caller takes an iterator that threw for finished; this one is not, and may hold files.
      if (!step.done) abandon(() => this.return());
      throw error;
    }
    return step;
  }

  #item(block: unknown): void {
    const exchange = this.#exchange;
    if (!isUint8Array(block)) fail('item-not-bytes', `item ${exchange.items} is ${shapeOf(block)}`);
    if (!exchange.accepted) fail('body-before-start-response', `item ${exchange.items} came before`);
    exchange.items++;
    if (this.#length !== undefined && exchange.items > this.#length) this.#lie('more');
    countBytes(exchange, block);
    this.#checkSize?.(block);
    this.#pace.check();
  }

  #end(): void {
    const exchange = this.#exchange;
    if (!exchange.accepted) fail('body-before-start-response', 'the body ended before');
    if (this.#length !== undefined && exchange.items < this.#length) this.#lie(String(exchange.items));
    checkTotal(exchange);
  }

  #lie(items: string): never {
    fail('length-lies', `it is ${this.#length}, and there are ${items}`);
  }
}

/** Closes what is in the way of a violation: that is what the caller has to see, not a failure of this. */
export function abandon(close: () => unknown): void {
  try {
    const result = close();
    if (isPromise(result)) Promise.resolve(result).catch(ignore);
  } catch {}
}

function closeOnce(
  exchange: Exchange,
  life: Lifetime,
  close: () => unknown,
  returning: () => unknown = ignore,
): unknown {
  if (life.closed) fail('closed-twice', `that of a ${life.request} was closed again`);
  life.closed = true;
  const result = within(exchange, close);
  const late = checkChildrenClosed(exchange, [result, returning()]);
  return late === undefined ? result : andThen(result, () => late);
}

/**
 * Watches `close()` of a FileWrapper; nothing else, for the server need not iterate. It stays itself, so that the
 * server can send the file its own way.
 */
export function watchFile(file: FileWrapper, exchange: Exchange): void {
  // The server sends the head before it reads the file, which calls nothing of the application.
  if (!exchange.accepted) fail('body-before-start-response', 'a file was returned before');
  const { close } = file;
  if (close === undefined) return;
  const life: Lifetime = { closed: false, request: exchange.request };
  exchange.body = life;
  (file as { close: () => unknown }).close = () => closeOnce(exchange, life, () => close.call(file));
}
