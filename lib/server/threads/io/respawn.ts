/** When a thread that ended is replaced: at once, and later each time where none of its place gets to work. */

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** A thread that has run as long is no longer held against its place. */
const STABLE_MS = 10_000;

interface Place {
  failures: number;
  readySince: number | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class Respawn {
  readonly #places = new Map<number, Place>();
  #stopped = false;

  /** The thread of a place is ready. */
  succeeded(index: number): void {
    this.#place(index).readySince = performance.now();
  }

  /**
   * The thread of a place ended: `spawn` is called in a while.
   * @param failed it was of no use, so the next one may not be either. Otherwise `spawn` is called soon: however
   *   often a handler takes its thread down, other clients are served.
   */
  schedule(index: number, failed: boolean, spawn: () => void): void {
    if (this.#stopped) return;
    const place = this.#place(index);
    if (!failed) {
      place.readySince = undefined;
      place.timer = setTimeout(spawn, 0);
      return;
    }
    const lived = place.readySince === undefined ? 0 : performance.now() - place.readySince;
    place.failures = lived >= STABLE_MS ? 0 : place.failures;
    place.readySince = undefined;
    const delay = place.failures === 0 ? 0 : Math.min(FIRST_MS * 2 ** (place.failures - 1), LONGEST_MS);
    place.failures++;
    place.timer = setTimeout(spawn, delay);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#places.values()) clearTimeout(timer);
  }

  #place(index: number): Place {
    const known = this.#places.get(index);
    if (known !== undefined) return known;
    const place: Place = { failures: 0, readySince: undefined, timer: undefined };
    this.#places.set(index, place);
    return place;
  }
}
