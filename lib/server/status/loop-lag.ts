/** How late the timers of this event loop are: the longest time that something kept it from its other work. */

/** Milliseconds between two looks; something that takes longer is always seen. */
const LOOK_MS = 50;
/** Looks in a window; the answer is of this window and the one before. */
const LOOKS = 300;

export class LoopLag {
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  #looks = 0;
  /** Milliseconds. */
  #worst = 0;
  #worstBefore = 0;

  start(): void {
    this.#due = performance.now() + LOOK_MS;
    this.#timer ??= setInterval(this.#look, LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Milliseconds. */
  get worst(): number {
    // What is late now, before its timer had its turn, counts as well.
    const late = this.#timer === undefined ? 0 : performance.now() - this.#due;
    return Math.max(late, this.#worst, this.#worstBefore);
  }

  readonly #look = (): void => {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#due);
    this.#due = now + LOOK_MS;
    if (++this.#looks < LOOKS) return;
    this.#looks = 0;
    this.#worstBefore = this.#worst;
    this.#worst = 0;
  };
}
