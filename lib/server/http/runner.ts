/** What runs the application of a request, and how many requests there are that are not over. */
import { ignore } from '../../environ/maybe-promise.js';
import type { ClientDisconnected } from '../../errors.js';

/** What runs the application of one exchange: the interpreter, or the I/O thread's side of a thread that has it. */
export interface Runner {
  /** Ends the response with an error: its own status if nothing was sent yet, otherwise a visible cut. */
  fail(error: unknown): void;
  /** The client has left. */
  disconnect(error: ClientDisconnected): void;
  /** Neither side has sent a byte for so many seconds, and it is for the application to go on. */
  overdue(seconds: number): void;
  /** The client sends no more; it may still read, or have left. */
  halfClosed?(): void;
  /** The connection needs no more of what the sink was given. */
  finished?(): void;
  /** The connection of an open WebSocket is closed, both ways. */
  webSocketClosed?(): void;
  /** It is known how its WebSocket ends, or more of that. */
  webSocketEnding?(): void;
  /** The server stops: no more messages for the handler of an open WebSocket. @param code for its peer. */
  goAway?(code: number): void;
}

/** How many requests are not over: a stop waits for them. */
export class Running {
  count = 0;
  /** Requests until `onLast`. */
  left = Number.POSITIVE_INFINITY;
  onLast: () => void = ignore;
  #onIdle: (() => void)[] = [];

  begin(): void {
    this.count++;
    if (--this.left === 0) this.onLast();
  }

  end(): void {
    if (--this.count > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Resolves when there are none. */
  get idle(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }
}
