/** What a thread has sent for one client and the client has not taken: who answers for it, and how it is given back. */
import { type Blocks, NONE } from '../shared/blocks.js';
import { ALLOWANCE, costOf, type ThreadLine } from '../shared/thread-line.js';

/** Part of the budget that a single response may take. */
const SHARE = 4;

/** Bytes of responses that may wait for slow clients when their threads have gone on to other requests. */
export class Budget {
  readonly share: number;
  #left: number;
  readonly #waiting = new Set<() => void>();

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
    for (const again of this.#waiting) again();
  }

  /** @param again called whenever there may be room. */
  wait(again: () => void): void {
    this.#waiting.add(again);
  }

  forget(again: () => void): void {
    this.#waiting.delete(again);
  }
}

/**
 * First the thread answers for what it sent: beyond a window it waits for its client. When its handler has nothing more
 * to send, the budget answers for the rest, and the thread is free. Where that has no room, the thread stays with its
 * client: it never takes a request whose response would wait for another client.
 */
export class Outflow {
  readonly #line: ThreadLine;
  readonly #blocks: Blocks;
  readonly #budget: Budget;
  /** Blocks that are with the socket. */
  readonly #held = new Set<number>();
  /** Bytes that the thread answers for, and the budget. */
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
   * @param last the handler has no more to send: the budget answers for them, where it can.
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

  /** Keeps a block until `free`, or until the connection is done with the response. */
  hold(block: number): void {
    if (block !== NONE) this.#held.add(block);
  }

  free(block: number): void {
    if (this.#held.delete(block)) this.#blocks.free(block);
  }

  /** The thread is through with the request. */
  threadLeft(): void {
    this.#absorb();
    if (this.#charged > 0) this.#budget.wait(this.#absorb);
  }

  /** The connection is done with the response: nothing more is asked of the memory that it had. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const block of this.#held) this.#blocks.free(block);
    this.#held.clear();
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
    // Of what was small nobody keeps count.
    const given = Math.min(bytes - settled, this.#absorbed);
    this.#absorbed -= given;
    this.#settle(settled);
    this.#budget.give(given);
  }

  #settle(bytes: number): void {
    this.#charged -= bytes;
    if (this.#charged === 0) this.#budget.forget(this.#absorb);
    if (bytes > 0) this.#line.settle(bytes);
  }
}
