/** What a thread has sent to one client and the client has not taken: where that is counted, and when it is free again. */
import { type Blocks, NONE } from '../shared/blocks.js';
import { ALLOWANCE, costOf, type ThreadLine } from '../shared/thread-line.js';

/** Part of the budget that a single response may take. */
const SHARE = 4;

/** Bytes of responses that may wait for slow clients when their threads have gone on to other requests. */
export class Budget {
  readonly share: number;
  #left: number;
  /** Called whenever there may be room. */
  readonly waiting = new Set<() => void>();

  constructor(bytes: number) {
    this.#left = bytes;
    this.share = Math.floor(bytes / SHARE);
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    if (bytes === 0) return;
    this.#left += bytes;
    for (const again of this.waiting) again();
  }
}

/**
 * First that is counted with the thread: with more than a window of it, the handler waits for its client. When the handler
 * has nothing more to send, the rest is counted with the budget, and the thread is free. Where the budget has no room, the
 * thread stays with its client: it never takes a request whose response would wait for another client.
 */
export class Outflow {
  readonly #line: ThreadLine;
  readonly #blocks: Blocks;
  readonly #budget: Budget;
  /** Blocks that the socket still reads from. */
  readonly #held: number[] = [];
  /** Bytes that are counted with the thread, and with the budget. */
  #charged = 0;
  #absorbed = 0;
  #closed = false;

  constructor(line: ThreadLine, blocks: Blocks, budget: Budget) {
    this.#line = line;
    this.#blocks = blocks;
    this.#budget = budget;
  }

  /**
   * Bytes go to the client.
   * @param last the handler has no more to send: they are counted with the budget, if that has room.
   */
  add(bytes: number, last: boolean): void {
    const cost = costOf(bytes);
    if (last && this.#absorbed + cost <= this.#budget.share && this.#budget.take(cost)) {
      this.#absorbed += cost;
      this.#line.settle(cost);
    } else this.#charged += cost;
  }

  /** The client has taken what was added. */
  taken(bytes: number): void {
    if (!this.#closed) this.#taken(costOf(bytes));
  }

  /** Keeps a block until `free` or `close`. */
  hold(block: number): void {
    if (block !== NONE) this.#held.push(block);
  }

  free(block: number): void {
    const at = this.#held.indexOf(block);
    if (at === -1) return;
    this.#held.splice(at, 1);
    this.#blocks.free(block);
  }

  /** The thread has finished with the request. */
  threadDone(): void {
    this.#absorb();
    if (this.#charged > 0) this.#budget.waiting.add(this.#absorb);
  }

  /** The connection has finished with the response: the memory that it had is free. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const block of this.#held) this.#blocks.free(block);
    this.#held.length = 0;
    this.#taken(this.#charged + this.#absorbed);
  }

  readonly #absorb = (): void => {
    const charged = this.#charged;
    const small = charged <= ALLOWANCE;
    if (!small && (this.#absorbed + charged > this.#budget.share || !this.#budget.take(charged))) return;
    if (!small) this.#absorbed += charged;
    this.#settle(charged);
  };

  /** The thread first: it may be waiting. */
  #taken(bytes: number): void {
    const settled = Math.min(bytes, this.#charged);
    // What was small is not counted.
    const given = Math.min(bytes - settled, this.#absorbed);
    this.#absorbed -= given;
    this.#settle(settled);
    this.#budget.give(given);
  }

  #settle(bytes: number): void {
    this.#charged -= bytes;
    if (this.#charged === 0) this.#budget.waiting.delete(this.#absorb);
    if (bytes > 0) this.#line.settle(bytes);
  }
}
