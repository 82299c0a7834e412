/** Python's `wsgiref.headers.Headers`: response headers as a map of names that have no case and may repeat. */
import { inspect } from 'node:util';
import { isNative } from '../environ/native-string.js';
import type { Bytes } from '../environ/types.js';

export type HeaderPair = readonly [name: string, value: string];

/** CPython gh-143916: a header cannot be split. HTAB is allowed in values (RFC 9110 section 5.5). */
const BAD_IN_NAME = /[\x00-\x1f\x7f]/;
const BAD_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Pass `headers.items()`, or the array that it was made with, to `start_response`. */
export class Headers implements Iterable<HeaderPair> {
  readonly #list: HeaderPair[];

  /**
   * @param list is wrapped, not copied: it sees every change that is made here.
   * @throws TypeError if it is not an array of pairs of strings, or a string holds a control character.
   */
  constructor(list?: HeaderPair[] | null) {
    const pairs = list ?? [];
    if (!Array.isArray(pairs)) throw new TypeError('Headers takes an array of [name, value] pairs');
    for (const pair of pairs as readonly unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new TypeError('Headers takes an array of [name, value] pairs');
      }
      checkValue(checkName(pair[0]), pair[1]);
    }
    this.#list = pairs;
  }

  /** How many there are, each of those with the same name counted. */
  get size(): number {
    return this.#list.length;
  }

  /** Removes all of that name and appends this one. */
  set(name: string, value: string): void {
    const pair = checkPair(name, value);
    this.delete(name);
    this.#list.push(pair);
  }

  /** Removes all of that name, if there are any. */
  delete(name: string): void {
    const kept = this.#list.filter(([other]) => !same(other, name));
    this.#list.length = 0;
    for (const pair of kept) this.#list.push(pair);
  }

  /** The first value; `fallback`, or null, if there is none. */
  get(name: string): string | null;
  get(name: string, fallback: string): string;
  get(name: string, fallback: string | null = null): string | null {
    return this.#list.find(([other]) => same(other, name))?.[1] ?? fallback;
  }

  has(name: string): boolean {
    return this.#list.some(([other]) => same(other, name));
  }

  /** All values, in the order of the list. */
  getAll(name: string): string[] {
    return this.#list.filter(([other]) => same(other, name)).map(([, value]) => value);
  }

  keys(): string[] {
    return this.#list.map(([name]) => name);
  }

  values(): string[] {
    return this.#list.map(([, value]) => value);
  }

  /** A copy of the list. */
  items(): HeaderPair[] {
    return [...this.#list];
  }

  /** The first value, after appending this one if there was none. */
  setDefault(name: string, value: string): string {
    const found = this.get(name);
    if (found !== null) return found;
    this.#list.push(checkPair(name, value));
    return value;
  }

  /**
   * Appends, with parameters: `addHeader('Content-Disposition', 'attachment', { filename: 'bud.gif' })`. A `_` in the
   * name of a parameter becomes `-`; one of null or `''` is its name alone. A value of null leaves the parameters.
   */
  addHeader(name: string, value: string | null, params: Readonly<Record<string, string | null>> = {}): void {
    const parts = value === null ? [] : [checkValue(checkName(name), value)];
    for (const [key, text] of Object.entries(params)) parts.push(formatParameter(name, key, text));
    this.#list.push([checkName(name), parts.join('; ')]);
  }

  /** `Name: value` lines, each with CRLF, and the empty line that ends them. */
  toString(): string {
    return `${this.#list.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  }

  /** The same in latin-1. @throws RangeError that names the header which does not fit. */
  toBytes(): Bytes {
    for (const [name, value] of this.#list) {
      if (isNative(name) && isNative(value)) continue;
      throw new RangeError(`The header ${name} holds a character above U+00FF, which latin-1 does not have`);
    }
    return Buffer.from(this.toString(), 'latin1');
  }

  [Symbol.iterator](): IterableIterator<HeaderPair> {
    return this.#list.values();
  }

  /** What `console.log` shows: Python's `repr`. */
  [inspect.custom](): string {
    return `Headers(${inspect(this.#list)})`;
  }
}

function same(name: string, other: string): boolean {
  return name === other || name.toLowerCase() === other.toLowerCase();
}

function formatParameter(header: string, key: string, text: string | null): string {
  const name = checkName(key).replaceAll('_', '-');
  if (text === null || text === '') return name;
  return `${name}="${checkValue(header, text).replace(/[\\"]/g, '\\$&')}"`;
}

function checkPair(name: string, value: string): HeaderPair {
  return [checkName(name), checkValue(name, value)];
}

function checkName(name: unknown): string {
  if (typeof name !== 'string') throw new TypeError(`A header name must be a string, not ${inspect(name)}`);
  if (BAD_IN_NAME.test(name)) {
    throw new TypeError(`The header name ${JSON.stringify(name)} holds a control character`);
  }
  return name;
}

/** A value is never repeated in a message, for it may be a secret. */
function checkValue(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError(`The value of the header ${name} must be a string, not of type ${typeof value}`);
  }
  if (BAD_IN_VALUE.test(value))
    throw new TypeError(`The value of the header ${name} holds a control character`);
  return value;
}
