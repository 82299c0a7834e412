/** How many requests of a gateway are not over, for a stop that waits for them; and which, for other processes to see. */
import type { IncomingMessage } from 'node:http';
import { ignore } from '../../environ/maybe-promise.js';
import type { ServedRequests } from '../workers/served-requests.js';

export class Running {
  count = 0;
  /** Requests until `onLast`. */
  left = Number.POSITIVE_INFINITY;
  onLast: () => void = ignore;
  readonly #served: ServedRequests | undefined;
  #onIdle: (() => void)[] = [];

  constructor(served?: ServedRequests) {
    this.#served = served;
  }

  /** @returns its place, for `end`. */
  begin({ method, url }: IncomingMessage): number | undefined {
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
