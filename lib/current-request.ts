/**
 * The requests that run: which one the code that is running belongs to, what ends with it (what it waits for with
 * `subscribe()`, temporary files, `node.abort_signal`), and how many there are.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { describeThrown, logger } from './logger.js';
import { type Placed, PlacedSet } from './placed.js';

/** What a request waits for, apart from its client. */
export interface Wait {
  /** Something waits for it at the moment. */
  readonly isWaiting: boolean;
  /** This request does not wait for it any more: it is over, or its server stops. */
  left(scope: RequestScope): void;
}

/** Runs an application that is not here: in Python. */
interface Runner {
  readonly isDone: boolean;
}

/** Where requests come to. */
export interface RequestServer {
  /** It stops: requests are to end. */
  readonly stopping: boolean;
  readonly options: { readonly maxBacklog: number };
}

/**
 * To follow a request over every `await` costs each promise of the process some time (on Node 20 and 22), so that begins with
 * the first call that asks for it. Requests that had begun by then are known as those that wait.
 */
let storage: AsyncLocalStorage<RequestScope> | undefined;
let running: RequestScope | undefined;
const waiting = new PlacedSet<RequestScope>();

/** Those that have something open, for `closeWaits`. */
const open = new Set<RequestScope>();

/** On the `wsgi.input` of every request that a gateway serves: environ itself has no keys but strings. */
export const REQUEST_SCOPE = Symbol('wsgi.request_scope');

interface ScopedInput {
  [REQUEST_SCOPE]?: RequestScope | undefined;
}

type Call = () => unknown;

/** One request, from the call of its application. */
export class RequestScope implements Placed {
  /** Among those that wait. */
  place = -1;
  readonly server: RequestServer | undefined;
  #runner: Runner | undefined;
  #patience = 0;
  #waits: Set<Wait> | undefined;
  #waitsNoLonger = false;
  #over = false;
  #calls: Call[] | undefined;
  #callAtOnce: Call | undefined;
  #running: PromiseLike<unknown> | undefined;

  constructor(server?: RequestServer) {
    this.server = server;
  }

  /** That of the request that has this input; undefined if no gateway serves it, or middleware replaced its input. */
  static of(input: unknown): RequestScope | undefined {
    return (input as ScopedInput | null | undefined)?.[REQUEST_SCOPE];
  }

  /** That of the code that called, none outside of requests; all that it may be, where that is not known. */
  static ofCaller(): readonly RequestScope[] {
    const known = storage?.getStore() ?? running;
    if (known !== undefined && storage !== undefined) return [known];
    storage ??= new AsyncLocalStorage();
    const candidates = known === undefined ? waiting.list() : [known];
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) {
      // The rest of what this request does is known by that.
      storage.enterWith(only);
      waiting.delete(only);
    }
    return candidates;
  }

  /** Calls the application. @param environ whose input leads here from now on. */
  start<T>(environ: unknown, call: () => T): T {
    const input = (environ as { readonly 'wsgi.input'?: unknown } | undefined)?.['wsgi.input'];
    // Of a request that is served within another, the other ends last.
    if (RequestScope.of(input)?.isOver !== false && Object.isExtensible(input))
      (input as ScopedInput)[REQUEST_SCOPE] = this;
    return this.run(call);
  }

  /** Calls what belongs to the request. */
  run<T>(work: () => T): T {
    if (storage !== undefined) return storage.run(this, work);
    const before = running;
    running = this;
    try {
      return work();
    } finally {
      running = before;
    }
  }

  /** It goes on in a later turn of the event loop. */
  later(): void {
    if (storage?.getStore() !== this) waiting.add(this);
  }

  /** Ends `wait` with the request: now, if that is over or its server stops. */
  add(wait: Wait): void {
    if (this.#waitsNoLonger || this.server?.stopping) {
      wait.left(this);
      return;
    }
    this.#waits ??= new Set();
    this.#waits.add(wait);
    open.add(this);
  }

  delete(wait: Wait): void {
    this.#waits?.delete(wait);
    if (this.#waits?.size === 0) open.delete(this);
  }

  /** @param patience seconds of silence after which the runner ends it, and can tell more of it than its gateway; 0: it does not. */
  runBy(runner: Runner, patience: number): void {
    this.#runner = runner;
    this.#patience = patience;
  }

  /** That it was silent for so many seconds is not a fault, or one that what runs it finds. */
  mayBeSilent(seconds: number): boolean {
    // It waits for something that may still come.
    if (this.#waits !== undefined) for (const wait of this.#waits) if (wait.isWaiting) return true;
    return this.#runner?.isDone === false && this.#patience > 0 && this.#patience <= seconds;
  }

  /** What it waits for ends; it may wait for more. */
  closeWaits(): void {
    if (this.#waits !== undefined) for (const wait of [...this.#waits]) wait.left(this);
  }

  /** Its response is complete, or its client has left. */
  endWaits(): void {
    this.#waitsNoLonger = true;
    if (this.place !== -1) waiting.delete(this);
    if (this.#waits !== undefined) this.closeWaits();
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** To be called once when it is over, also while the application's call is under way; if that was before, now. */
  whenOver(call: Call): void {
    const before = this.#callAtOnce;
    if (this.#over) call();
    else if (before === undefined) this.#callAtOnce = call;
    else {
      this.#callAtOnce = () => {
        before();
        call();
      };
    }
  }

  /** To be called once, at the end; if that was before, now. */
  atEnd(call: Call): void {
    this.#calls ??= [];
    this.#calls.push(call);
    if (this.#over) this.#settle();
  }

  /**
   * The response is complete, or no longer wanted, and what the application returned is closed.
   * @param running the application, if it is still under way: it may be busy with what it was sent.
   */
  end(running?: PromiseLike<unknown>): void {
    this.endWaits();
    this.#over = true;
    this.#running = running;
    this.#callAtOnce?.();
    this.#callAtOnce = undefined;
    if (this.#calls !== undefined) this.#settle();
  }

  #settle(): void {
    const call = () => {
      const calls = this.#calls ?? [];
      this.#calls = undefined;
      for (const one of calls) tryCall(one);
    };
    if (this.#running === undefined) call();
    else this.#running.then(call, call);
  }
}

/** A server stops: what its requests wait for ends. */
export function closeWaitsOf(server: RequestServer): void {
  for (const scope of [...open]) if (scope.server === server) scope.closeWaits();
}

async function tryCall(call: Call): Promise<void> {
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
    this.scope?.endWaits();
  }

  #made(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }
}

// How many there are

/** Shows other processes which requests run. */
interface Served {
  /** @returns its place, for `end`. */
  begin(method?: string, url?: string): number | undefined;
  end(place: number): void;
}

/** How many requests of a gateway are not over, for a stop that waits for them. */
export class Running {
  count = 0;
  /** Requests until `onLast`. */
  left = Number.POSITIVE_INFINITY;
  onLast: () => void = () => {};
  readonly #served: Served | undefined;
  #onIdle: (() => void)[] = [];

  constructor(served?: Served) {
    this.#served = served;
  }

  /** @returns its place, for `end`. */
  begin({
    method,
    url,
  }: {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
  }): number | undefined {
    this.count++;
    if (--this.left === 0) this.onLast();
    return this.#served?.begin(method, url);
  }

  end(place?: number): void {
    if (place !== undefined) this.#served?.end(place);
    if (--this.count > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Resolves when there are none. */
  get idle(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
