/** `json.dumps`: values as the JSON text that CPython's `json.encoder` writes. */
import { isUint8Array } from 'node:util/types';
import { bind } from '../arguments.js';
import { ValueError } from '../errors.js';
import { repr } from '../values.js';

/** Python's keyword arguments. */
export interface DumpsOptions {
  /** Leaves out entries whose key is not text, number, boolean or null; otherwise a TypeError. Only a Map has such. */
  skipkeys?: boolean;
  /** Default true: everything above U+007E is written as `\uXXXX`. */
  ensure_ascii?: boolean;
  /** Default true. False saves the look for circles: one ends in a RangeError. */
  check_circular?: boolean;
  /** Default true; false: a ValueError for NaN and the infinities, which are not JSON. */
  allow_nan?: boolean;
  /** A line for each value: how many spaces, or the text of one step. 0 and `''` break lines without indenting. */
  indent?: number | string | boolean | null;
  /** Between items, and after a key; default `[', ', ': ']`, with `indent` `[',', ': ']`. */
  separators?: readonly [item: string, key: string] | null;
  /** Gives something else to write for a value that is not JSON, or throws. */
  default?: ((value: unknown) => unknown) | null;
  /** By code point; default: in their order. */
  sort_keys?: boolean;
}

const NAMES = [
  ...[
    'skipkeys',
    'ensure_ascii',
    'check_circular',
    'allow_nan',
    'indent',
    'separators',
    'default',
    'sort_keys',
  ],
] as const;

/**
 * Arrays are lists; plain objects and Maps are dicts; a BigInt is an int. The rest (bytes, dates, Sets, undefined, objects of
 * other classes) is up to `default`. `toJSON` is not asked.
 * @throws TypeError for what is not JSON; ValueError for a circle, or for NaN where `allow_nan` is false.
 */
export function dumps(value: unknown, options?: DumpsOptions): string {
  return new Encoder(bind('dumps', NAMES, options === undefined ? [] : [options])).encode(value, '\n');
}

class Encoder {
  readonly #options: DumpsOptions;
  readonly #indent: string | null;
  readonly #itemSeparator: string;
  readonly #keySeparator: string;
  readonly #ascii: boolean;
  /** The containers around the value. */
  readonly #open = new Set<object>();

  constructor(options: DumpsOptions) {
    this.#options = options;
    const { indent } = options;
    if (indent === undefined || indent === null) this.#indent = null;
    else this.#indent = typeof indent === 'string' ? indent : ' '.repeat(Math.max(0, Number(indent)));
    const separators = options.separators ?? [this.#indent === null ? ', ' : ',', ': '];
    [this.#itemSeparator, this.#keySeparator] = separators;
    this.#ascii = options.ensure_ascii ?? true;
  }

  /** @param newLine with the indentation of the value itself. */
  encode(value: unknown, newLine: string): string {
    switch (typeof value) {
      case 'string':
        return quoted(value, this.#ascii);
      case 'boolean':
        return String(value);
      case 'bigint':
        return String(value);
      case 'number':
        return this.#number(value);
      case 'object':
        if (value === null) return 'null';
        if (Array.isArray(value)) return this.#list(value, newLine);
        if (isDict(value)) return this.#dict(value, newLine);
    }
    const other = this.#options.default;
    if (other === undefined || other === null) {
      throw new TypeError(`Object of type ${typeOf(value)} is not JSON serializable`);
    }
    return this.#within(value, () => this.encode(other(value), newLine));
  }

  #list(list: readonly unknown[], newLine: string): string {
    if (list.length === 0) return '[]';
    return this.#within(list, () => {
      const inner = this.#deeper(newLine);
      // By index: a hole is undefined, which is not JSON.
      const items = Array.from(list, (item) => this.encode(item, inner));
      return this.#joined('[', items, ']', newLine);
    });
  }

  #dict(dict: object, newLine: string): string {
    return this.#within(dict, () => {
      const inner = this.#deeper(newLine);
      let entries: [unknown, unknown][] = dict instanceof Map ? [...dict] : Object.entries(dict);
      if (this.#options.sort_keys) entries = entries.sort(([a], [b]) => compareKeys(a, b));
      const items: string[] = [];
      for (const [key, value] of entries) {
        const name = this.#key(key);
        if (name === undefined) continue;
        items.push(quoted(name, this.#ascii) + this.#keySeparator + this.encode(value, inner));
      }
      return entries.length === 0 ? '{}' : this.#joined('{', items, '}', newLine);
    });
  }

  #joined(start: string, items: readonly string[], end: string, newLine: string): string {
    if (this.#indent === null || items.length === 0) return start + items.join(this.#itemSeparator) + end;
    const inner = this.#deeper(newLine);
    return start + inner + items.join(this.#itemSeparator + inner) + newLine + end;
  }

  #deeper(newLine: string): string {
    return this.#indent === null ? newLine : newLine + this.#indent;
  }

  /** @throws ValueError if the value is being written already. */
  #within(value: unknown, write: () => string): string {
    if (typeof value !== 'object' || value === null || this.#options.check_circular === false) return write();
    if (this.#open.has(value)) throw new ValueError('Circular reference detected');
    this.#open.add(value);
    const text = write();
    this.#open.delete(value);
    return text;
  }

  /** Undefined: left out. */
  #key(key: unknown): string | undefined {
    switch (typeof key) {
      case 'string':
        return key;
      case 'number':
        return this.#number(key);
      case 'bigint':
      case 'boolean':
        return String(key);
    }
    if (key === null) return 'null';
    if (this.#options.skipkeys) return undefined;
    throw new TypeError(`keys must be str, int, float, bool or None, not ${typeOf(key)}`);
  }

  #number(number: number): string {
    if (Number.isFinite(number)) return repr(number);
    const text = Number.isNaN(number) ? 'nan' : number < 0 ? '-inf' : 'inf';
    if (this.#options.allow_nan === false) {
      throw new ValueError(`Out of range float values are not JSON compliant: ${text}`);
    }
    return Number.isNaN(number) ? 'NaN' : String(number);
  }
}

const SHORT: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\f': '\\f', '\b': '\\b' },
};
const NOT_ASCII = /["\\]|[^ -~]/g;
const CONTROLS = /["\\]|[\x00-\x1f]/g;

function quoted(text: string, ascii: boolean): string {
  return `"${text.replace(ascii ? NOT_ASCII : CONTROLS, escapeOf)}"`;
}

/** Of one UTF-16 unit: a character above U+FFFF becomes two escapes, as in Python. */
function escapeOf(unit: string): string {
  return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** As Python compares keys: text with text, numbers and booleans with each other. @throws TypeError */
function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0;
  // Of their kind there is no key at all; that is the error to be told.
  if (Array.isArray(a) && Array.isArray(b)) return 0;
  throw new TypeError(`'<' not supported between instances of '${typeOf(a)}' and '${typeOf(b)}'`);
}

function isNumeric(key: unknown): key is number | bigint | boolean {
  return typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean';
}

/** By code point: by unit, an emoji would come before U+FFFF. */
function compareText(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === most) return a.length - b.length;
  // In the middle of a pair: the character began before.
  if (at > 0 && (a.charCodeAt(at - 1) & 0xfc00) === 0xd800) at--;
  return (a.codePointAt(at) ?? 0) - (b.codePointAt(at) ?? 0) || a.charCodeAt(at + 1) - b.charCodeAt(at + 1);
}

function isDict(value: object): boolean {
  if (value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The name of a type, for messages that Python's programs know. */
function typeOf(value: unknown): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (typeof value === 'boolean') return 'bool';
  if (isUint8Array(value)) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (typeof value !== 'object') return typeof value;
  const made: unknown = value.constructor;
  return typeof made === 'function' && made !== Object ? made.name : 'dict';
}
