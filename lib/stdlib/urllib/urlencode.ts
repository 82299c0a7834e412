/** `urlencode` of Python's urllib.parse: names and values as the query of a URL, or as the body of a form. */
import { bind, type Given } from '../arguments.js';
import { ValueError } from '../errors.js';
import { entriesOf, isTrue, str, typeName } from '../values.js';
import { type QuoteKeywords, quote_plus } from './quote.js';

/** How one name or value is quoted: `quote_plus`, or `quote`. Bytes come without encoding and errors. */
export type QuoteVia = (
  value: string | Uint8Array,
  safe: string | Uint8Array,
  encoding?: string | null,
  errors?: string | null,
) => string;

export interface UrlencodeKeywords extends QuoteKeywords {
  /** True: each item of a list is a field of its own. Default: false, the text of a list is one value. */
  readonly doseq?: boolean | number;
  readonly quote_via?: QuoteVia;
}

type UrlencodeArguments = Given<
  [
    doseq: boolean | number,
    safe: string | Uint8Array,
    encoding: string | null,
    errors: string | null,
    quote_via: QuoteVia,
  ],
  UrlencodeKeywords
>;
const NAMES = ['doseq', 'safe', 'encoding', 'errors', 'quote_via'];

/** A dict: an object or a Map, which also keeps the order of names such as `2`. Or a list of pairs. */
export type Query =
  | Readonly<Record<string, unknown>>
  | ReadonlyMap<unknown, unknown>
  | readonly (readonly [unknown, unknown])[];

/**
 * Python's `urlencode(query, doseq=False, safe='', encoding=None, errors=None, quote_via=quote_plus)`. Values are written as
 * `str()` writes them: `None`, `True`, `1.5`, and `['a']` unless `doseq` is true.
 * @throws TypeError unless it is a dict or a list of pairs. ValueError for a pair that is none. UnicodeEncodeError as `quote`.
 */
export function urlencode(query: Query, ...given: UrlencodeArguments): string {
  const {
    doseq = false,
    safe = '',
    encoding = null,
    errors = null,
    quote_via = quote_plus,
  } = bind('urlencode', NAMES, given);
  const via = quote_via as (...args: unknown[]) => string;
  const quoted = (value: unknown) =>
    value instanceof Uint8Array ? via(value, safe) : via(str(value), safe, encoding, errors);
  const fields: string[] = [];
  for (const [name, value] of pairsOf(query)) {
    const key = quoted(name);
    const values = isTrue(doseq) ? itemsOf(value) : [value];
    for (const one of values) fields.push(`${key}=${quoted(one)}`);
  }
  return fields.join('&');
}

function pairsOf(query: unknown): [unknown, unknown][] {
  const entries = entriesOf(query);
  if (entries !== undefined) return entries;
  const isSequence = typeof query === 'string' || query instanceof Uint8Array || Array.isArray(query);
  if (isSequence && query.length === 0) return [];
  if (!Array.isArray(query) || !Array.isArray(query[0])) {
    throw new TypeError('not a valid non-string sequence or mapping object');
  }
  return query.map(pairOf);
}

function pairOf(item: unknown): [unknown, unknown] {
  if (!Array.isArray(item)) throw new TypeError(`cannot unpack non-iterable ${typeName(item)} object`);
  if (item.length < 2) {
    throw new ValueError(`not enough values to unpack (expected 2, got ${item.length})`);
  }
  if (item.length > 2) throw new ValueError('too many values to unpack (expected 2)');
  return [item[0], item[1]];
}

/** Text and bytes are one value; a dict has its keys. */
function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value) || value instanceof Set) return [...value];
  return entriesOf(value)?.map(([key]) => key) ?? [value];
}
