/** Handlers of one kind of event, run one after the other; the failure of one does not stop the next. */
import { inspect } from 'node:util';
import { isPromise } from '../environ/maybe-promise.js';
import type { MaybePromise } from '../environ/types.js';
import { logger } from '../logger.js';
import { isGone, thrownMessage, thrownStack } from './thrown.js';

export type EventHandler<Args extends unknown[]> = (...args: Args) => unknown;

/** What may be assigned to `app.onmessage`. */
export type EventHandlers<Args extends unknown[]> =
  | EventHandler<Args>
  | readonly EventHandler<Args>[]
  | Event<Args>;

/** `add()` is Python's `+=`, `remove()` is `-=`. With no handler attached, a default of its owner's runs. */
export class Event<Args extends unknown[] = unknown[]> {
  /** As in `onmessage`; for the log. */
  readonly name: string;
  readonly #default: EventHandler<Args> | undefined;
  #handlers: readonly EventHandler<Args>[] = [];

  constructor(name = 'event', defaultHandler?: EventHandler<Args>) {
    this.name = name;
    this.#default = defaultHandler;
  }

  /** In the order in which they run. */
  get handlers(): readonly EventHandler<Args>[] {
    return this.#handlers;
  }

  /** Added twice, a handler runs twice. */
  add(...handlers: EventHandler<Args>[]): this {
    for (const handler of handlers) this.#check(handler);
    this.#handlers = [...this.#handlers, ...handlers];
    return this;
  }

  /** Removes `handler` once, the first that was added. False if it was not there. */
  remove(handler: EventHandler<Args>): boolean {
    const at = this.#handlers.indexOf(handler);
    if (at === -1) return false;
    this.#handlers = this.#handlers.toSpliced(at, 1);
    return true;
  }

  /** Back to the default. */
  clear(): void {
    this.#handlers = [];
  }

  /** These instead of all others. */
  replace(handlers: EventHandlers<Args>): void {
    const list: unknown = handlers instanceof Event ? handlers.handlers : handlers;
    const next = (Array.isArray(list) ? [...list] : [list]) as EventHandler<Args>[];
    for (const handler of next) this.#check(handler);
    this.#handlers = next;
  }

  /** Runs the handlers as they are now. Returns a promise, which never rejects, only if one of them did. */
  emit(...args: Args): MaybePromise<void> {
    const handlers = this.#handlers.length === 0 && this.#default ? [this.#default] : this.#handlers;
    return this.#runFrom(0, handlers, args);
  }

  #runFrom(first: number, handlers: readonly EventHandler<Args>[], args: Args): MaybePromise<void> {
    for (let i = first; i < handlers.length; i++) {
      try {
        const result = handlers[i]?.(...args);
        if (isPromise(result)) {
          return Promise.resolve(result)
            .catch((thrown: unknown) => this.#failed(thrown))
            .then(() => this.#runFrom(i + 1, handlers, args));
        }
      } catch (thrown) {
        this.#failed(thrown);
      }
    }
  }

  #failed(thrown: unknown): void {
    // A client that left while a handler was at work is not the handler's fault.
    if (isGone(thrown)) logger.debug(`${this.name}: ${thrownMessage(thrown)}`);
    else logger.exception(`A handler of ${this.name} failed\n${thrownStack(thrown)}`);
  }

  #check(handler: unknown): void {
    if (typeof handler === 'function') return;
    throw new TypeError(
      `A handler of ${this.name} must be a function, not ${inspect(handler)}: use ${this.name}.add(handler)`,
    );
  }
}
