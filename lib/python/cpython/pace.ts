/** Whether requests go to one thread of a process in a row, or each to a thread of its own: in a row as long as handlers do not wait. */

/** Requests that have a thread each, after some in a row had to wait; twice as many each time. */
const FEWEST = 16;
const MOST = 1024;
/** Requests in a row after which all is forgotten. */
const FORGET = 100;

export class Pace {
  #apart = 0;
  #next = FEWEST;
  #inRow = 0;

  /** In a row: threads that take turns cost more than the work of a short handler. */
  get isQuick(): boolean {
    return this.#apart === 0;
  }

  /** A handler waits, for a database or its client: the others are not to wait for it. */
  waits(): void {
    if (!this.isQuick) return;
    this.#apart = this.#next;
    this.#next = Math.min(this.#next * 2, MOST);
    this.#inRow = 0;
  }

  /** A request was answered. */
  answered(): void {
    if (this.#apart > 0) this.#apart--;
    else if (++this.#inRow === FORGET) this.#next = FEWEST;
  }
}
