/** Gives way to the event loop while an application has a lot to say and never waits. */

/** A body gives way after as many blocks, however fast they are taken. */
const BLOCKS_PER_TURN = 64;

/** Counts the blocks of one response. */
export class Turns {
  #blocks = 0;

  /** @returns a promise for the next turn of the event loop, if it is time for it. */
  next(): Promise<void> | undefined {
    if (++this.#blocks < BLOCKS_PER_TURN) return undefined;
    this.#blocks = 0;
    return new Promise((resolve) => setImmediate(resolve));
  }
}
