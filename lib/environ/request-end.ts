/** How a request's end is told to the application: `node.abort_signal` fires, temporary files are removed. */
import type { RequestScope } from '../current-request.js';
import { describeThrown, logger } from '../logger.js';
import { isPromise } from './maybe-promise.js';
import type { Environ } from './types.js';

/** On the `wsgi.input` of every request that a gateway serves: environ itself has no keys but strings. */
export const REQUEST_END = Symbol('wsgi.request_end');

interface EndingInput {
  [REQUEST_END]?: RequestEnd | undefined;
}

type Call = () => unknown;

export class RequestEnd {
  #calls: Call[] | undefined;
  #over = false;
  #result: unknown;
  /** Called at once when it is over, also while the application's call is under way. */
  whenOver: (() => void) | undefined;
  /** What the request waits for. */
  readonly scope: RequestScope | undefined;

  /** The end of the request that has this input; undefined if no gateway serves it, or middleware replaced its input. */
  static of(input: unknown): RequestEnd | undefined {
    return (input as EndingInput | null | undefined)?.[REQUEST_END];
  }

  /** @param environ whose input gets this. */
  constructor(environ: unknown, scope?: RequestScope) {
    this.scope = scope;
    const input = (environ as Partial<Environ> | undefined)?.['wsgi.input'];
    // Of a request that is served within another, the other ends last.
    if (RequestEnd.of(input)?.isOver === false || !Object.isExtensible(input)) return;
    (input as EndingInput)[REQUEST_END] = this;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** To be called once, at the end; if that was before, now. */
  add(call: Call): void {
    this.#calls ??= [];
    this.#calls.push(call);
    if (this.#over) this.#settle();
  }

  /**
   * The response is complete, or no longer wanted, and what the application returned is closed.
   * @param result of the application's call: if it is still under way, it may be busy with what it was sent.
   */
  come(result: unknown): void {
    this.#over = true;
    this.#result = result;
    this.whenOver?.();
    if (this.#calls !== undefined) this.#settle();
  }

  #settle(): void {
    const call = () => {
      const calls = this.#calls ?? [];
      this.#calls = undefined;
      for (const one of calls) run(one);
    };
    if (isPromise(this.#result)) this.#result.then(call, call);
    else call();
  }
}

async function run(call: Call): Promise<void> {
  try {
    await call();
  } catch (error) {
    logger.error(`What was to be done at the end of a request failed\n${describeThrown(error)}`);
  }
}

/** Fires `node.abort_signal`. An AbortSignal costs more than the rest of environ: it is made when it is asked for, or fires. */
export class Aborter {
  /** What the request waits for, which its client's leaving ends. */
  scope: RequestScope | undefined;
  #controller: AbortController | undefined;

  get signal(): AbortSignal {
    return this.#made().signal;
  }

  /** The client has closed its connection. */
  abort(reason: Error): void {
    this.#made().abort(reason);
    this.scope?.end();
  }

  #made(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }
}
