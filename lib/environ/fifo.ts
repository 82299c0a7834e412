/**
 * What waits in its order: first in, first out. `shift()` of an array moves all that is left, where that is more than some
 * ten thousand: an application that writes 200,000 small blocks would take half a minute.
 */

/** So many places of what was taken are kept at least. */
const KEPT = 1024;

export class Fifo<T> implements Iterable<T> {
  #items: (T | undefined)[] = [];
  /** How many of these were taken. */
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The first, which is taken out; undefined if there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#taken];
    // What was taken is not kept.
    this.#items[this.#taken++] = undefined;
    if (this.length === 0) this.clear();
    else if (this.#taken >= KEPT && this.#taken >= this.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#taken = 0;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let i = this.#taken; i < this.#items.length; i++) yield this.#items[i] as T;
  }
}
