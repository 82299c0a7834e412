/** `parse_qs` and `parse_qsl` of Python's urllib.parse (3.13): the fields of a query, or of a form. */
import { bind, type Dict, type Given, makeDict } from '../arguments.js';
import { decode, encode } from '../codecs.js';
import { ValueError } from '../errors.js';
import { isTrue, repr, typeName } from '../values.js';
import { unquote_plus, unquote_to_bytes } from './unquote.js';

export interface ParseKeywords {
  /** True: a field without a value has the value `''`. Default: false, such a field is left out. */
  readonly keep_blank_values?: boolean | number;
  /** True: a field without `=` is an error. Default: false. */
  readonly strict_parsing?: boolean | number;
  /** Of what is quoted: `'utf-8'`. */
  readonly encoding?: string | null;
  /** What becomes of bytes that are not in it: `'replace'`, each part becomes U+FFFD. */
  readonly errors?: string | null;
  /** More fields are an error. Default: null, no limit. */
  readonly max_num_fields?: number | null;
  /** Between two fields: `'&'`. One text, not a set of characters. */
  readonly separator?: string | Uint8Array;
}

type ParseArguments = Given<
  [
    keep_blank_values: boolean | number,
    strict_parsing: boolean | number,
    encoding: string | null,
    errors: string | null,
    max_num_fields: number | null,
    separator: string | Uint8Array,
  ],
  ParseKeywords
>;
const NAMES = ['keep_blank_values', 'strict_parsing', 'encoding', 'errors', 'max_num_fields', 'separator'];

/** A dict of lists. `get` is hidden: neither `Object.keys` nor `for … in` show it, and a field of that name replaces it. */
export type QueryDict<T = string> = Dict<T[]> & {
  get(name: string | Uint8Array): T[] | null;
  get<D>(name: string | Uint8Array, fallback: D): T[] | D;
};

/**
 * Python's `parse_qs(qs, keep_blank_values=False, strict_parsing=False, encoding='utf-8', errors='replace',
 * max_num_fields=None, separator='&')`: the values of each name, in a dict without a prototype. It puts names such as `2`
 * first, as every object does; `parse_qsl` keeps the order.
 *
 * Of bytes, values are bytes; names are text, for a key of an object is text: UTF-8, with bytes that are not as in Python's
 * `surrogateescape`.
 * @throws as `parse_qsl`.
 */
export function parse_qs(qs: string | null, ...given: ParseArguments): QueryDict;
export function parse_qs(qs: Uint8Array, ...given: ParseArguments): QueryDict<Buffer>;
export function parse_qs(
  qs: string | Uint8Array | null,
  ...given: ParseArguments
): QueryDict | QueryDict<Buffer> {
  const fields = makeDict<(string | Buffer)[]>();
  for (const [name, value] of pairsOf('parse_qs', qs, given)) {
    const key = keyOf(name);
    const values = fields[key];
    if (values === undefined) fields[key] = [value];
    else values.push(value);
  }
  if (!('get' in fields)) {
    const value = (name: string | Uint8Array, fallback: unknown = null) => get(fields, name, fallback);
    Object.defineProperty(fields, 'get', { value, writable: true, configurable: true });
  }
  return fields as QueryDict | QueryDict<Buffer>;
}

/**
 * Python's `parse_qsl(…)`, with the arguments of `parse_qs`: pairs of name and value, in their order.
 * @throws ValueError for a field without `=` if `strict_parsing` is true, for more than `max_num_fields`, for a separator that
 * is empty or no text. UnicodeDecodeError only if `errors` is `'strict'`. LookupError for an unknown encoding. TypeError for
 * anything but text, bytes and what is empty.
 */
export function parse_qsl(qs: string | null, ...given: ParseArguments): [name: string, value: string][];
export function parse_qsl(qs: Uint8Array, ...given: ParseArguments): [name: Buffer, value: Buffer][];
export function parse_qsl(
  qs: string | Uint8Array | null,
  ...given: ParseArguments
): [string, string][] | [Buffer, Buffer][] {
  return pairsOf('parse_qsl', qs, given) as [string, string][] | [Buffer, Buffer][];
}

/**
 * Python's `d.get(name, fallback)` for every dict, also for one that has a field called `get`.
 * @returns `fallback`, null by default, if there is no such name.
 */
export function get<T>(d: Readonly<Record<string, T>>, name: string | Uint8Array): T | null;
export function get<T, D>(d: Readonly<Record<string, T>>, name: string | Uint8Array, fallback: D): T | D;
export function get<T>(
  d: Readonly<Record<string, T>>,
  name: string | Uint8Array,
  fallback: unknown = null,
): unknown {
  const key = keyOf(name);
  return Object.prototype.propertyIsEnumerable.call(d, key) ? d[key] : fallback;
}

function keyOf(name: string | Uint8Array): string {
  return typeof name === 'string' ? name : decode(name, 'utf-8', 'surrogateescape');
}

function pairsOf(
  callable: string,
  qs: unknown,
  given: readonly unknown[],
): [string | Buffer, string | Buffer][] {
  const options = bind(callable, NAMES, given);
  const { encoding, errors, max_num_fields: limit = null } = options;
  const keepBlank = isTrue(options['keep_blank_values']);
  const isStrict = isTrue(options['strict_parsing']);
  const between = separatorOf(options['separator'] ?? (options['separator'] === undefined ? '&' : ''), qs);
  if (!isTrue(qs)) return [];
  const isText = typeof qs === 'string';
  const text = isText ? qs : nativeOf(qs);
  const unquoted = isText
    ? (quoted: string) => unquote_plus(quoted, encoding as string | null, errors as string | null)
    : (quoted: string) => unquote_to_bytes(Buffer.from(quoted.replaceAll('+', ' '), 'latin1'));
  const rules = { separator: between, keepBlank, isStrict, limit: limit === null ? null : Number(limit) };
  const shown = (field: string) => repr(isText ? field : Buffer.from(field, 'latin1'));
  const pairs: [string | Buffer, string | Buffer][] = [];
  for (const [name, value] of quotedPairs(text, rules, shown)) pairs.push([unquoted(name), unquoted(value)]);
  return pairs;
}

export interface PairRules {
  readonly separator: string;
  readonly keepBlank: boolean;
  readonly isStrict: boolean;
  readonly limit: number | null;
}

/**
 * Name and value of each field, as they were quoted: what `parse_qsl` and `cgi` read.
 * @param shown what an error shows of a field.
 * @throws ValueError as `parse_qsl`.
 */
export function* quotedPairs(
  text: string,
  { separator, keepBlank, isStrict, limit }: PairRules,
  shown: (field: string) => string,
): Generator<[name: string, value: string]> {
  if (limit !== null) checkCount(text, separator, limit);
  for (const field of fieldsOf(text, separator)) {
    if (field === '' && !isStrict) continue;
    const equals = field.indexOf('=');
    if (equals === -1 && isStrict) throw new ValueError(`bad query field: ${shown(field)}`);
    const value = equals === -1 ? '' : field.slice(equals + 1);
    if (value !== '' || keepBlank) yield [equals === -1 ? field : field.slice(0, equals), value];
  }
}

/** As text, whatever `qs` is. @throws ValueError. UnicodeError if it is not ASCII, and of the other type than `qs`. */
function separatorOf(separator: unknown, qs: unknown): string {
  const isText = typeof qs === 'string';
  if (typeof separator === 'string' && separator !== '') {
    return isText ? separator : encode(separator, 'ascii').toString('latin1');
  }
  if (separator instanceof Uint8Array && separator.length > 0) {
    return isText ? decode(separator, 'ascii') : Buffer.from(separator).toString('latin1');
  }
  throw new ValueError('Separator must be of type string or bytes.');
}

/** One character for each byte. */
function nativeOf(qs: unknown): string {
  if (qs instanceof Uint8Array) return Buffer.from(qs).toString('latin1');
  throw new TypeError(`memoryview: a bytes-like object is required, not '${typeName(qs)}'`);
}

/** One by one: `split` would hold a million empty ones of a body that is a million separators. */
function* fieldsOf(text: string, separator: string): Generator<string> {
  let start = 0;
  for (let at = text.indexOf(separator); at !== -1; at = text.indexOf(separator, start)) {
    yield text.slice(start, at);
    start = at + separator.length;
  }
  yield text.slice(start);
}

/** Counted, not split, for the limit is there because a client may send very many. */
function checkCount(text: string, separator: string, limit: number): void {
  let count = 1;
  for (let at = text.indexOf(separator); at !== -1 && count <= limit; count++) {
    at = text.indexOf(separator, at + separator.length);
  }
  if (count > limit) throw new ValueError('Max number of fields exceeded');
}
