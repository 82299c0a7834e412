/** Takes a JSON document apart, as CPython's `json.scanner` and `json.decoder` do, with their messages. */
import { type Dict, makeDict } from '../arguments.js';
import { ValueError } from '../errors.js';
import { JSONDecodeError } from './decode-error.js';

/** Python's keyword arguments. */
export interface LoadsOptions {
  /** Default true; false: control characters may be in strings as they are. */
  strict?: boolean;
  /** What becomes of each object. */
  object_hook?: ((dict: Dict<unknown>) => unknown) | null;
  /** The same, as a list of pairs in the order of the document; takes the place of `object_hook`. */
  object_pairs_hook?: ((pairs: [string, unknown][]) => unknown) | null;
  /** What becomes of a number that has a fraction or an exponent; default `Number`. */
  parse_float?: ((text: string) => unknown) | null;
  /** What becomes of a whole number; default a number, above 2^53 a BigInt. */
  parse_int?: ((text: string) => unknown) | null;
  /** What becomes of `NaN`, `Infinity` and `-Infinity`. */
  parse_constant?: ((text: string) => unknown) | null;
}

const BLANKS = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
/** What needs no look in a string. */
const PLAIN = /[^"\\\x00-\x1f]*/y;
/** Python's `sys.get_int_max_str_digits()`: reading a longer one takes quadratic time. */
const MOST_DIGITS = 4300;

const WORDS: readonly (readonly [word: string, value: null | boolean])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];
const CONSTANTS: readonly (readonly [word: string, value: number])[] = [
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }),
]);

export class Scanner {
  readonly #text: string;
  readonly #options: LoadsOptions;
  readonly #strict: boolean;
  #at = 0;

  constructor(text: string, options: LoadsOptions) {
    this.#text = text;
    this.#options = options;
    this.#strict = options.strict ?? true;
  }

  /** @throws JSONDecodeError */
  document(): unknown {
    this.#blanks();
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.#text.length) throw this.#fault('Extra data');
    return value;
  }

  #value(): unknown {
    switch (this.#text[this.#at]) {
      case '"':
        this.#at++;
        return this.#string();
      case '{':
        this.#at++;
        return this.#object();
      case '[':
        this.#at++;
        return this.#array();
    }
    for (const [word, value] of WORDS) if (this.#skip(word)) return value;
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#number(number);
    for (const [word, value] of CONSTANTS) {
      if (!this.#skip(word)) continue;
      const { parse_constant } = this.#options;
      return parse_constant ? parse_constant(word) : value;
    }
    throw this.#fault('Expecting value');
  }

  #number([text, whole = '', fraction, exponent]: RegExpExecArray): unknown {
    const { parse_float, parse_int } = this.#options;
    if (fraction !== undefined || exponent !== undefined)
      return parse_float ? parse_float(text) : Number(text);
    if (parse_int) return parse_int(text);
    if (whole.length > MOST_DIGITS) {
      throw new ValueError(`Exceeds the limit (${MOST_DIGITS} digits) for integer string conversion`);
    }
    const number = Number(whole);
    // -0 is the int 0.
    return Number.isSafeInteger(number) ? number + 0 : BigInt(whole);
  }

  #array(): unknown[] {
    const list: unknown[] = [];
    this.#blanks();
    if (this.#skip(']')) return list;
    for (;;) {
      list.push(this.#value());
      this.#blanks();
      if (this.#skip(']')) return list;
      this.#comma(']', 'array');
    }
  }

  #object(): unknown {
    const pairs: [string, unknown][] = [];
    this.#blanks();
    if (!this.#skip('}')) {
      for (;;) {
        if (!this.#skip('"')) throw this.#fault('Expecting property name enclosed in double quotes');
        const name = this.#string();
        this.#blanks();
        if (!this.#skip(':')) throw this.#fault("Expecting ':' delimiter");
        this.#blanks();
        pairs.push([name, this.#value()]);
        this.#blanks();
        if (this.#skip('}')) break;
        this.#comma('}', 'object');
      }
    }
    const { object_hook, object_pairs_hook } = this.#options;
    if (object_pairs_hook) return object_pairs_hook(pairs);
    return object_hook ? object_hook(makeDict(pairs)) : makeDict(pairs);
  }

  #comma(end: string, what: string): void {
    const comma = this.#at;
    if (!this.#skip(',')) throw this.#fault("Expecting ',' delimiter");
    this.#blanks();
    if (this.#text[this.#at] === end)
      throw this.#fault(`Illegal trailing comma before end of ${what}`, comma);
  }

  /** After its quotation mark. */
  #string(): string {
    const start = this.#at - 1;
    let value = '';
    for (;;) {
      value += this.#match(PLAIN)?.[0] ?? '';
      const next = this.#text[this.#at];
      if (next === undefined) throw this.#fault('Unterminated string starting at', start);
      if (next === '"') {
        this.#at++;
        return value;
      }
      if (next === '\\') value += this.#escape(start);
      else {
        if (this.#strict) throw this.#fault('Invalid control character at');
        value += next;
        this.#at++;
      }
    }
  }

  #escape(start: number): string {
    const backslash = this.#at;
    const letter = this.#text[backslash + 1];
    if (letter === undefined) throw this.#fault('Unterminated string starting at', start);
    if (letter !== 'u') {
      const character = ESCAPES.get(letter);
      if (character === undefined) throw this.#fault('Invalid \\escape', backslash);
      this.#at += 2;
      return character;
    }
    const digits = this.#text.slice(backslash + 2, backslash + 6);
    // To CPython it is also incomplete where the document ends after it.
    if (!/^[0-9A-Fa-f]{4}$/.test(digits) || backslash + 6 >= this.#text.length)
      throw this.#fault('Invalid \\uXXXX escape', backslash + 1);
    this.#at += 6;
    // Two of them may be one character: units of UTF-16 join by themselves.
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #blanks(): void {
    this.#match(BLANKS);
  }

  #skip(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #fault(message: string, at = this.#at): JSONDecodeError {
    return new JSONDecodeError(message, this.#text, at);
  }
}
