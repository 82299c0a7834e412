/** Values by name, where a name may come more than once: werkzeug's `MultiDict`, read-only. */

export class FormValues<T> implements Iterable<[name: string, value: T]> {
  // A Map: a field may be called `__proto__`.
  readonly #byName = new Map<string, T[]>();
  readonly #entries: [string, T][] = [];

  /** How many values there are. */
  get size(): number {
    return this.#entries.length;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The first value of that name, or undefined. */
  get(name: string): T | undefined {
    return this.#byName.get(name)?.[0];
  }

  /** All values of that name, in order of arrival. */
  getAll(name: string): T[] {
    return [...(this.#byName.get(name) ?? [])];
  }

  /** Each name once, in order of arrival. */
  keys(): IterableIterator<string> {
    return this.#byName.keys();
  }

  /** All values, in order of arrival. */
  *values(): IterableIterator<T> {
    for (const [, value] of this.#entries) yield value;
  }

  /** All names and values, in order of arrival; a name that came twice is here twice. */
  *entries(): IterableIterator<[name: string, value: T]> {
    for (const [name, value] of this.#entries) yield [name, value];
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: T]> {
    return this.entries();
  }

  /** @internal The parser's way in. */
  append(name: string, value: T): void {
    this.#entries.push([name, value]);
    const values = this.#byName.get(name);
    if (values === undefined) this.#byName.set(name, [value]);
    else values.push(value);
  }
}
