/** JavaScript values as Python sees them: the name of their type, whether they are true, `str()` and `repr()`. */

/** As Python's messages name it: `'NoneType' object is not iterable`. */
export function typeName(value: unknown): string {
  if (value === undefined || value === null) return 'NoneType';
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return isInt(value) ? 'int' : 'float';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Uint8Array) return 'bytes';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Set) return 'set';
  return entriesOf(value) === undefined ? String(value.constructor?.name) : 'dict';
}

/** Python's `bool(value)`: empty lists, dicts and bytes are false. */
export function isTrue(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'object' || value === null) return Boolean(value);
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length > 0;
  if (value instanceof Set) return value.size > 0;
  return entriesOf(value)?.length !== 0;
}

/** The items of a dict: a Map, an object without a class, or one without a prototype. Undefined for other values. */
export function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value];
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}

/** Python's `str(value)`. */
export function str(value: unknown): string {
  return typeof value === 'string' ? value : repr(value);
}

/** Python's `repr(value)`: arrays are lists; an instance of a class is what its `toString` says. */
export function repr(value: unknown): string {
  if (value === undefined || value === null) return 'None';
  if (typeof value === 'string') return reprText(value);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return isInt(value) ? String(value) : reprFloat(value);
  if (value instanceof Uint8Array) return reprBytes(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (value instanceof Set) return value.size === 0 ? 'set()' : `{${[...value].map(repr).join(', ')}}`;
  const entries = entriesOf(value);
  if (entries === undefined) return String(value);
  return `{${entries.map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(', ')}}`;
}

/** JavaScript has one kind of number: 1 is an int, and so would 1.0 be. Above 2^53 only floats are exact. */
function isInt(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

/** The shortest digits that give the same float; an exponent below 1e-4 and from 1e16 on, JavaScript's bounds are others. */
export function reprFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const [digits = '', exponent] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

/** What Python's `str.isprintable` refuses, beside the space. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;
const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function reprText(text: string): string {
  const quote = quoteFor(text);
  let shown = '';
  for (const character of text) {
    if (character === quote) shown += `\\${character}`;
    else if (character === ' ' || !UNPRINTABLE.test(character)) shown += SHORT[character] ?? character;
    else shown += SHORT[character] ?? escapeOf(character);
  }
  return quote + shown + quote;
}

function reprBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const quote = quoteFor(text);
  const shown = text.replace(/[^ -~]|['"\\]/g, (character) => {
    if (character === quote) return `\\${character}`;
    return SHORT[character] ?? (/['"]/.test(character) ? character : escapeOf(character));
  });
  return `b${quote}${shown}${quote}`;
}

function quoteFor(text: string): string {
  return text.includes("'") && !text.includes('"') ? '"' : "'";
}

/** One character as `\xe9`, `\u65e5` or `\U0001f600`. */
export function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
