/** A bell in shared memory, with which other threads tell an event loop that there is something for it. */
export class Bell {
  readonly #words: Int32Array;
  readonly #rung: number;
  readonly #waits: number;

  /**
   * @param rung index of the word that says how often it was rung.
   * @param waits index of the word that is 1 while the event loop waits.
   */
  constructor(words: Int32Array, rung: number, waits: number) {
    this.#words = words;
    this.#rung = rung;
    this.#waits = waits;
  }

  /** How often it was rung, to be read before one looks for what there is. */
  get count(): number {
    return Atomics.load(this.#words, this.#rung);
  }

  /** Waits until it is rung, without blocking. Undefined if it was since `seen` was read. */
  wait(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.#words, this.#waits, 1);
    const { async, value } = Atomics.waitAsync(this.#words, this.#rung, seen);
    return async ? value : undefined;
  }

  /** A system call only if the event loop waits. */
  ring(): void {
    Atomics.add(this.#words, this.#rung, 1);
    if (Atomics.exchange(this.#words, this.#waits, 0) === 1) Atomics.notify(this.#words, this.#rung);
  }
}
