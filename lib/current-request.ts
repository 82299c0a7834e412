/** Which request the code that runs belongs to: what it waits for with `subscribe()` ends with the request. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** What a request waits for, apart from its client. */
export interface Wait {
  /** Something waits for it at the moment. */
  readonly isWaiting: boolean;
  /** This request does not wait for it any more: it is over, or its server stops. */
  left(scope: RequestScope): void;
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
const waiting = new Set<RequestScope>();

/** Those that have something open, for `closeWaits`. */
const open = new Set<RequestScope>();

export class RequestScope {
  readonly server: RequestServer | undefined;
  #waits: Set<Wait> | undefined;
  #over = false;

  constructor(server?: RequestServer) {
    this.server = server;
  }

  /** That of the code that called, none outside of requests; all that it may be, where that is not known. */
  static ofCaller(): readonly RequestScope[] {
    const known = storage?.getStore() ?? running;
    if (known !== undefined && storage !== undefined) return [known];
    storage ??= new AsyncLocalStorage();
    const candidates = known === undefined ? [...waiting] : [known];
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) {
      // The rest of what this request does is known by that.
      storage.enterWith(only);
      waiting.delete(only);
    }
    return candidates;
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
    if (this.#over || this.server?.stopping) {
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

  /** It waits for something that may still come: its silence is no fault. */
  get isWaiting(): boolean {
    if (this.#waits !== undefined) for (const wait of this.#waits) if (wait.isWaiting) return true;
    return false;
  }

  /** What it waits for ends; it may wait for more. */
  closeWaits(): void {
    if (this.#waits !== undefined) for (const wait of [...this.#waits]) wait.left(this);
  }

  /** The request is over, or its client has left. */
  end(): void {
    this.#over = true;
    if (waiting.size > 0) waiting.delete(this);
    if (this.#waits !== undefined) this.closeWaits();
  }
}

/** A server stops: what its requests wait for ends. */
export function closeWaitsOf(server: RequestServer): void {
  for (const scope of [...open]) if (scope.server === server) scope.closeWaits();
}
