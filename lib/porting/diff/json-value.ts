/** JSON as it was written: numbers of any size, names that come twice, and NaN and Infinity, which Python writes. */

export type JsonValue = { readonly start: number; readonly end: number } & (
  | { readonly type: 'object'; readonly members: ReadonlyMap<string, readonly JsonValue[]> }
  | { readonly type: 'array'; readonly items: readonly JsonValue[] }
  | { readonly type: 'string'; readonly text: string }
  | { readonly type: 'number' | 'literal'; readonly text: string }
);

/** Deeper values are compared as text. */
const DEEPEST = 500;

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const LITERAL = /true|false|null|NaN|-?Infinity/y;

/** Undefined for what is not JSON, or too deep. */
export function parseJson(source: string): JsonValue | undefined {
  try {
    return new Parser(source).document();
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

class NotJson extends Error {}

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#at !== this.#source.length) throw new NotJson();
    return value;
  }

  /** A value, and the space around it. */
  #value(depth: number): JsonValue {
    if (depth > DEEPEST) throw new NotJson();
    this.#match(SPACE);
    const start = this.#at;
    const value = this.#bare(depth, start);
    this.#match(SPACE);
    return value;
  }

  #bare(depth: number, start: number): JsonValue {
    switch (this.#source[start]) {
      case '{':
        return { type: 'object', members: this.#members(depth), start, end: this.#at };
      case '[':
        return { type: 'array', items: this.#items(depth), start, end: this.#at };
      case '"':
        return { type: 'string', text: this.#string(), start, end: this.#at };
    }
    const literal = this.#match(LITERAL);
    if (literal !== undefined) return { type: 'literal', text: literal, start, end: this.#at };
    const number = this.#match(NUMBER);
    if (number === undefined) throw new NotJson();
    return { type: 'number', text: number, start, end: this.#at };
  }

  #members(depth: number): Map<string, JsonValue[]> {
    const members = new Map<string, JsonValue[]>();
    this.#list('}', () => {
      this.#match(SPACE);
      const name = this.#string();
      this.#match(SPACE);
      this.#expect(':');
      const value = this.#value(depth + 1);
      const values = members.get(name);
      if (values === undefined) members.set(name, [value]);
      else values.push(value);
    });
    return members;
  }

  #items(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#list(']', () => items.push(this.#value(depth + 1)));
    return items;
  }

  /** From the opening bracket to after the closing one. */
  #list(close: string, part: () => void): void {
    this.#at++;
    this.#match(SPACE);
    if (this.#source[this.#at] !== close) {
      part();
      while (this.#source[this.#at] === ',') {
        this.#at++;
        part();
      }
    }
    this.#expect(close);
  }

  #string(): string {
    const text = this.#match(STRING);
    if (text === undefined) throw new NotJson();
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #expect(character: string): void {
    if (this.#source[this.#at] !== character) throw new NotJson();
    this.#at++;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}

/**
 * A number by its value, without loss: 1, 1.0 and 10e-1 are one, as they are for every reader of JSON that knows only
 * numbers; 9007199254740993 is not 9007199254740992.
 */
export function numberKey(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return '0';
  const short = digits.replace(/0+$/, '');
  // Exponents without bound would take as much memory as they say.
  if (exponent.length > 15) return text;
  const power = Number(exponent) - fraction.length + (digits.length - short.length);
  return `${sign}${short}e${power}`;
}
