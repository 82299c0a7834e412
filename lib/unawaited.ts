/** Promises of ours that warn where a handler does not wait for them, as one does that was written to block. */
import { logger } from './logger.js';
import { OWN_FOLDER } from './own-files.js';

/** As many calls of one object may be under way: a loop that does not await makes them without end. */
const MOST_PENDING = 1000;

const INSTEAD =
  'write await before it, or let handlers block as in Python: run(app, { threads: 8 }), wsgi --threads 8';

/** What was warned of: each once. */
const warned = new Set<string>();

/** A call of ours that gives a promise. */
export class AwaitedCall {
  readonly #name: string;
  /** Of its promises: all that they know of their call. */
  readonly #prototype: object;

  /** @param name for warnings: `wsgi.input.read()`. */
  constructor(name: string) {
    this.#name = name;
    const asText = this.#asText.bind(this);
    const method = (value: () => unknown) => ({ configurable: true, writable: true, value });
    this.#prototype = Object.create(Promise.prototype, {
      // In a template, by + and by String().
      [Symbol.toPrimitive]: method(asText),
      toString: method(asText),
      // By JSON.stringify().
      toJSON: method(() => {
        asText();
        return {};
      }),
    });
  }

  /** The same promise, which warns once where it is turned into text. */
  mark<T>(promise: Promise<T>): Promise<T> {
    return Object.setPrototypeOf(promise, this.#prototype);
  }

  /** @throws TooManyPending if as many calls are under way. */
  checkPending(count: number): void {
    if (count >= MOST_PENDING) throw new TooManyPending(this.#name);
  }

  #asText(): string {
    warnOnce(this.#name, 'gave a promise, and that was turned into text', new Error());
    return '[object Promise]';
  }
}

/** Ends a loop that would never end. */
export class TooManyPending extends Error {
  override readonly name = 'TooManyPending';

  constructor(call: string) {
    super(`${call} was called ${MOST_PENDING} times before the first was done: ${INSTEAD}`);
  }
}

/** A promise that knows whether anybody waits for it. */
class Watched extends Promise<void> {
  awaited = false;

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` calls it, for this is not a plain promise.
  override then<A = void, B = never>(
    onDone?: ((value: void) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(onDone, onError);
  }
}

/** The promise of a wait, which warns once if it is not awaited before it is over. */
export function toBeWaitedFor(call: string, wait: Promise<void>): Promise<void> {
  if (warned.has(call)) return wait;
  const called = new Error();
  const watched = new Watched((resolve, reject) => {
    wait.then(() => {
      resolve();
      if (!watched.awaited) warnOnce(call, 'is over, and nothing awaits it', called);
    }, reject);
  });
  return watched;
}

/** @param at its stack says where; making that into text costs more than the rest. */
function warnOnce(call: string, fault: string, at: Error): void {
  if (warned.has(call)) return;
  warned.add(call);
  logger.warning(`${call} ${fault}: ${INSTEAD}${placeIn(at)}`);
}

/** Where the application did it, if the stack tells. */
function placeIn({ stack = '' }: Error): string {
  const own = stack
    .split('\n')
    .slice(1)
    .find((line) => /file:|[/\\]/.test(line) && !line.includes(OWN_FOLDER.href) && !line.includes('node:'));
  return own === undefined ? '' : ` (${own.trim()})`;
}
