/** `quote`, `quote_plus` and `quote_from_bytes` of Python's urllib.parse: bytes as `%XX`, but for those that are safe. */
import { bind, type Given } from '../arguments.js';
import { encode } from '../codecs.js';
import { typeName } from '../values.js';

export interface QuoteKeywords {
  /** Characters of ASCII that stay as they are, besides letters, digits and `_.-~`. */
  readonly safe?: string | Uint8Array;
  /** Of text: `'utf-8'`. Not allowed for bytes. */
  readonly encoding?: string | null;
  /** What becomes of characters that the encoding does not have: `'strict'`, an error. Not allowed for bytes. */
  readonly errors?: string | null;
}

type QuoteArguments = Given<
  [safe: string | Uint8Array, encoding: string | null, errors: string | null],
  QuoteKeywords
>;
const NAMES = ['safe', 'encoding', 'errors'];
/** RFC 3986 section 2.3. */
const UNRESERVED = /[A-Za-z0-9_.~-]/;

/**
 * Python's `quote(string, safe='/', encoding=None, errors=None)`. `encodeURIComponent` also leaves `!'()*` as they are.
 * @throws TypeError for anything but text and bytes. UnicodeEncodeError for a lone surrogate, unless `errors` takes it.
 */
export function quote(string: string | Uint8Array, ...given: QuoteArguments): string {
  const { safe = '/', encoding = null, errors = null } = bind('quote', NAMES, given);
  return quoted(string, safe, encoding, errors);
}

/**
 * Python's `quote_plus(string, safe='', encoding=None, errors=None)`: as `quote`, but a space becomes `+`.
 * @throws as `quote`.
 */
export function quote_plus(string: string | Uint8Array, ...given: QuoteArguments): string {
  const { safe = '', encoding = null, errors = null } = bind('quote_plus', NAMES, given);
  const hasSpace =
    typeof string === 'string' ? string.includes(' ') : string instanceof Uint8Array && string.includes(0x20);
  if (!hasSpace) return quoted(string, safe, encoding, errors);
  return quoted(string, `${safeOf(safe)} `, encoding, errors).replaceAll(' ', '+');
}

/** Python's `quote_from_bytes(bytes, safe='/')`. @throws TypeError for text. */
export function quote_from_bytes(
  bytes: Uint8Array,
  ...given: Given<[safe: string | Uint8Array], Pick<QuoteKeywords, 'safe'>>
): string {
  const { safe = '/' } = bind('quote_from_bytes', ['safe'], given);
  return quotedBytes(bytes, safe);
}

function quoted(string: unknown, safe: unknown, encoding: unknown, errors: unknown): string {
  if (string === '') return '';
  if (typeof string === 'string') {
    return quotedBytes(encode(string, textOr(encoding, 'utf-8'), textOr(errors, 'strict')), safe);
  }
  if (encoding !== null) throw new TypeError("quote() doesn't support 'encoding' for bytes");
  if (errors !== null) throw new TypeError("quote() doesn't support 'errors' for bytes");
  return quotedBytes(string, safe);
}

function quotedBytes(bytes: unknown, safe: unknown): string {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('quote_from_bytes() expected bytes');
  if (bytes.length === 0) return '';
  const table = tableOf(safeOf(safe));
  let text = '';
  for (const byte of bytes) text += table[byte];
  return text;
}

/** ASCII only, as in Python. */
function safeOf(safe: unknown): string {
  if (typeof safe === 'string') return safe.replace(/[^\x00-\x7f]/g, '');
  if (safe instanceof Uint8Array) return safeOf(Buffer.from(safe).toString('latin1'));
  throw new TypeError(`'${typeName(safe)}' object is not iterable`);
}

/** What each byte becomes, by what is safe. A program has few of them. */
const tables = new Map<string, readonly string[]>();
const MOST_TABLES = 20;

function tableOf(safe: string): readonly string[] {
  const found = tables.get(safe);
  if (found !== undefined) return found;
  const table = Array.from({ length: 256 }, (_, byte) => {
    const character = String.fromCharCode(byte);
    if (UNRESERVED.test(character) || safe.includes(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  if (tables.size >= MOST_TABLES) tables.clear();
  tables.set(safe, table);
  return table;
}

/** @throws TypeError for an encoding or an error handler that is not text. */
export function textOr(value: unknown, fallback: string): string {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'string') return value;
  throw new TypeError(`An encoding and an error handler are text, not ${typeName(value)}`);
}
