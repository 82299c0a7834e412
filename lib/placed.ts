/** What is many, comes and goes: an array in which each knows its place. */

export interface Placed {
  /** Set by `add`; -1: in none. In one at a time. */
  place: number;
}

/**
 * In place of a Set whose members change with every request or connection: that copies itself each time it is full of deleted
 * ones, and the old tables, which hold the new ones, outlive the collector of short-lived objects (276 bytes for each
 * WebSocket that was opened, measured).
 */
export class PlacedSet<T extends Placed> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Does nothing if it is in already. */
  add(member: T): void {
    if (member.place !== -1) return;
    member.place = this.#members.length;
    this.#members.push(member);
  }

  /** @returns false if it was not in. */
  delete(member: T): boolean {
    const { place } = member;
    if (place === -1) return false;
    const last = this.#members.pop();
    if (last !== undefined && last !== member) {
      this.#members[place] = last;
      last.place = place;
    }
    member.place = -1;
    return true;
  }

  clear(): void {
    for (const member of this.#members.splice(0)) member.place = -1;
  }

  /** Those that are in now, in no order: any of them may leave meanwhile. */
  list(): T[] {
    return [...this.#members];
  }
}
