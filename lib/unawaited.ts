/** Promises of ours that warn where a handler does not wait for them, as one does that was written to block. */
import { logger } from './logger.js';

/** As many calls of one object may be under way: a loop that does not await makes them without end. */
export const MOST_PENDING = 1000;

const INSTEAD =
  'write await before it, or let handlers block as in Python: run(app, { threads: 8 }), wsgi --threads 8';

/** The folder of this package. */
const OURS = new URL('.', import.meta.url).href;
/** What was warned of: each once. */
const warned = new Set<string>();
const calls = new WeakMap<object, string>();

const asText = { configurable: true, writable: true, value: warnOfText };
const unawaited = Object.create(Promise.prototype, {
  // In a template, by + and by String().
  [Symbol.toPrimitive]: asText,
  toString: asText,
  // By JSON.stringify().
  toJSON: {
    ...asText,
    value(this: Promise<unknown>) {
      warnOfText.call(this);
      return {};
    },
  },
});

/**
 * The same promise, which warns once where it is turned into text.
 * @param call what gave it, for the warning: `wsgi.input.read()`.
 */
export function toBeAwaited<T>(call: string, promise: Promise<T>): Promise<T> {
  calls.set(promise, call);
  return Object.setPrototypeOf(promise, unawaited);
}

function warnOfText(this: Promise<unknown>): string {
  const call = calls.get(this) ?? 'a call';
  warnOnce(call, `${call} gave a promise, and that was turned into text: ${INSTEAD}`);
  return Object.prototype.toString.call(this);
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

  // biome-ignore lint/suspicious/noThenProperty: `await` calls it, for this is no plain promise.
  override then<A = void, B = never>(
    onDone?: ((value: void) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true;
    return super.then(onDone, onError);
  }
}

/** The promise of a wait, which warns once if nobody waits for it until it is over. */
export function toBeWaitedFor(call: string, wait: Promise<void>): Promise<void> {
  if (warned.has(call)) return wait;
  const where = place();
  const watched = new Watched((resolve, reject) => {
    wait.then(() => {
      resolve();
      if (!watched.awaited) warnOnce(call, `${call} is over, and nothing awaits it: ${INSTEAD}`, where);
    }, reject);
  });
  return watched;
}

function warnOnce(call: string, text: string, where = place()): void {
  if (warned.has(call)) return;
  warned.add(call);
  logger.warning(`${text}${where}`);
}

/** Where the application did it, if its stack tells. */
function place(): string {
  const lines = new Error().stack?.split('\n').slice(1) ?? [];
  const own = lines.find(
    (line) => /file:|[/\\]/.test(line) && !line.includes(OURS) && !line.includes('node:'),
  );
  return own === undefined ? '' : ` (${own.trim()})`;
}
