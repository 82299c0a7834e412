/** The `start_response` that `cascade` gives to an application which may be passed over. */
import type { StartResponse, Write } from '../environ/types.js';
import { ApplicationError } from '../errors.js';

/**
 * The first status that is not caught goes to the server, and so does all that follows. A caught one goes nowhere:
 * until the next application is called, the application may replace it with `exc_info`.
 */
export class Attempt {
  readonly #start_response: StartResponse;
  readonly #caught: ReadonlySet<string>;
  #state: 'open' | 'taken' | 'caught' | 'passed over' = 'open';

  constructor(start_response: StartResponse, caught: ReadonlySet<string>) {
    this.#start_response = start_response;
    this.#caught = caught;
  }

  /** The response is this application's. */
  get isTaken(): boolean {
    return this.#state === 'taken';
  }

  /** True if the status is a caught one; it is then too late for another. */
  isPassedOver(): boolean {
    if (this.#state === 'caught') this.#state = 'passed over';
    return this.#state === 'passed over';
  }

  start(...args: Parameters<StartResponse>): Write {
    const [status, , exc_info] = args;
    if (this.#state === 'passed over') return drop;
    if (this.#state === 'caught' && (exc_info === undefined || exc_info === null)) {
      throw new ApplicationError(
        'start_response was already called: to replace what it was given, pass exc_info',
      );
    }
    if (this.#state === 'taken' || !this.#isCaught(status)) {
      this.#state = 'taken';
      return this.#start_response(...args);
    }
    this.#state = 'caught';
    return drop;
  }

  /** What is no status the server shall refuse. */
  #isCaught(status: unknown): boolean {
    return typeof status === 'string' && this.#caught.has(status.split(' ', 1)[0] as string);
  }
}

function drop(): void {}
