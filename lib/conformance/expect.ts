/**
 * How scenarios claim things: the few words of chai's that they need, over `node:assert`, so that the table runs where
 * no assertion library is installed.
 */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/** @param what the claim is about, for the message. */
export function expect(value: unknown, what?: string): Claim {
  return new Claim(value, what, false);
}

export class Claim {
  readonly #value: unknown;
  readonly #what: string | undefined;
  readonly #negated: boolean;

  constructor(value: unknown, what: string | undefined, negated: boolean) {
    this.#value = value;
    this.#what = what;
    this.#negated = negated;
  }

  // Words that only make sentences of claims

  get to(): this {
    return this;
  }

  get be(): this {
    return this;
  }

  get have(): this {
    return this;
  }

  get and(): this {
    return this;
  }

  get with(): this {
    return this;
  }

  get at(): this {
    return this;
  }

  get any(): this {
    return this;
  }

  get not(): Claim {
    return new Claim(this.#value, this.#what, true);
  }

  get deep(): { equal(expected: unknown): Claim } {
    return { equal: (expected) => this.#deepEqual(expected) };
  }

  equal(expected: unknown): this {
    return this.#check(Object.is(this.#value, expected), `equal ${show(expected)}`, expected);
  }

  match(pattern: RegExp): this {
    return this.#check(
      typeof this.#value === 'string' && pattern.test(this.#value),
      `match ${pattern}`,
      pattern,
    );
  }

  /** A string holds another, or an array an item. */
  contain(part: unknown): this {
    const whole = this.#value;
    const holds = Array.isArray(whole) ? whole.includes(part) : String(whole).includes(String(part));
    return this.#check(holds, `contain ${show(part)}`, part);
  }

  include(part: unknown): this {
    return this.contain(part);
  }

  /** @returns the claim about the same value. */
  property(name: string, ...expected: [value?: unknown]): this {
    const value = this.#member(name);
    if (expected.length === 0) return this.#check(this.#has(name), `have the property ${name}`, name);
    return this.#check(Object.is(value, expected[0]), `have ${name}: ${show(expected[0])}`, expected[0]);
  }

  /** At least one of them. */
  keys(...names: string[]): this {
    return this.#check(
      names.some((name) => this.#has(name)),
      `have any of the keys ${names.join(', ')}`,
      names,
    );
  }

  length(expected: number): this {
    return this.#check(
      this.#member('length') === expected,
      `have a length of ${expected}, not ${this.#member('length')}`,
      expected,
    );
  }

  below(limit: number): this {
    return this.#check(Number(this.#value) < limit, `be below ${limit}`, limit);
  }

  most(limit: number): this {
    return this.#check(Number(this.#value) <= limit, `be at most ${limit}`, limit);
  }

  instanceOf(type: abstract new (...args: never[]) => unknown): this {
    return this.#check(this.#value instanceof type, `be an instance of ${type.name}`, type);
  }

  #deepEqual(expected: unknown): this {
    return this.#check(isDeepEqual(this.#value, expected), `equal ${show(expected)}`, expected);
  }

  #has(name: string): boolean {
    const value = this.#value;
    return typeof value === 'object' && value !== null && name in value;
  }

  #member(name: string): unknown {
    const value = this.#value;
    if (value === null || value === undefined) return undefined;
    return Reflect.get(Object(value), name);
  }

  #check(holds: boolean, claim: string, expected: unknown): this {
    if (holds !== this.#negated) return this;
    const subject = this.#what === undefined ? '' : `${this.#what}: `;
    throw new assert.AssertionError({
      message: `${subject}expected ${show(this.#value)} ${this.#negated ? 'not to' : 'to'} ${claim}`,
      actual: this.#value,
      expected,
      operator: this.#negated ? 'not' : 'is',
    });
  }
}

function isDeepEqual(actual: unknown, expected: unknown): boolean {
  try {
    assert.deepStrictEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, maxStringLength: 400, breakLength: Number.POSITIVE_INFINITY });
}
