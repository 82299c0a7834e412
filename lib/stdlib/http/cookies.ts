/** Python's `http.cookies`: the cookies of a request, and those to set. */
import { inspect } from 'node:util';
import { bind } from '../arguments.js';
import { ITEMS, type Mapping, SET_ITEM, withItems } from '../items.js';
import { entriesOf, repr, str, typeName } from '../values.js';
import { CookieError, checkControls, pairsOf, quote, unquote } from './cookie-text.js';
import { isFlag, isReserved, Morsel, type MorselOutput, type Wanted } from './morsel.js';

export { type Attributes, Morsel } from './morsel.js';
export { CookieError };

/** The header `Cookie`, a dict of values, or other cookies. */
export type CookieInput = string | Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

export interface CookieOutput extends MorselOutput {
  sep?: string;
}

class Cookies implements Mapping {
  readonly [ITEMS] = new Map<string, Morsel>();

  /** Without an input, or with an empty one, there are no cookies. @throws what `load` throws. */
  constructor(input?: CookieInput | null) {
    if (input !== undefined && input !== null && input !== '') this.load(input);
  }

  /** The value that a program sees, and the one that was sent. Override both to keep other things in cookies. */
  value_decode(val: string): [value: unknown, coded: string] {
    return [val, val];
  }

  /** The value that a program sees, and the one to send. */
  value_encode(val: unknown): [value: unknown, coded: string] {
    return [str(val), str(val)];
  }

  /**
   * Adds the cookies of a header `Cookie`, or those of a dict. As in Python, one odd part can cost all of them, without
   * an error: of `a=b; c` (no value) and of `path=/; a=b` (an attribute first) nothing is taken, of `a=b; é=c; d=e` only
   * what comes before the part that is not a pair.
   * @throws CookieError for a name that a cookie cannot have (`a/b=c`), and for control characters in a value.
   * TypeError if the input is neither text nor a dict.
   */
  load(rawdata: CookieInput): void {
    if (typeof rawdata === 'string') {
      addHeader(this, rawdata);
      return;
    }
    const entries = rawdata instanceof Cookies ? rawdata.items() : entriesOf(rawdata);
    if (entries === undefined) throw new TypeError(`load() takes text or a dict, not ${typeName(rawdata)}`);
    for (const [name, value] of entries) this.set(str(name), value);
  }

  /**
   * `c[name] = value`. A Morsel is taken as it is; any other value goes through `value_encode`, and a cookie that was
   * there keeps its attributes.
   * @throws CookieError for a name that a cookie cannot have, and for control characters.
   */
  set(name: string, value: unknown): void {
    if (value instanceof Morsel) this[ITEMS].set(name, value);
    else store(this, name, this.value_encode(value));
  }

  [SET_ITEM](name: string, value: unknown): void {
    this.set(name, value);
  }

  /** The cookie of that name, or `fallback`. A cookie that is called as a method is (`output`) is reached by this only. */
  get<T = null>(name: string, fallback: T = null as T): Morsel | T {
    return this[ITEMS].get(name) ?? fallback;
  }

  keys(): string[] {
    return [...this[ITEMS].keys()];
  }

  values(): Morsel[] {
    return [...this[ITEMS].values()];
  }

  items(): [string, Morsel][] {
    return [...this[ITEMS]];
  }

  clear(): void {
    this[ITEMS].clear();
  }

  /** Names, as iterating over a dict gives them. */
  [Symbol.iterator](): Iterator<string> {
    return this[ITEMS].keys();
  }

  /**
   * The headers `Set-Cookie`, sorted by name: `Set-Cookie: a=b; Path=/`, one a line. By position or by name:
   * `c.output(null, '')`, `c.output({ header: '', sep: '\n' })`.
   * @throws CookieError for control characters, which only `header` can bring in.
   */
  output(attrs?: Wanted | CookieOutput, header?: string | CookieOutput, sep?: string | CookieOutput): string;
  output(...given: unknown[]): string {
    const { attrs, header, sep = '\r\n' } = bind('output', ['attrs', 'header', 'sep'], given);
    const lines = sorted(this).map((morsel) => morsel.output(attrs as Wanted, header as string));
    for (const line of lines) checkControls(line);
    return lines.join(sep as string);
  }

  /** As `Morsel.js_output`, for each cookie. */
  js_output(attrs?: Wanted | { attrs?: Wanted }): string {
    return sorted(this)
      .map((morsel) => morsel.js_output(attrs))
      .join('');
  }

  toString(): string {
    return this.output();
  }

  [inspect.custom](): string {
    const shown = this.keys()
      .sort()
      .map((name) => ` ${name}=${repr(this.get(name)?.value)}`);
    return `<${Object.getPrototypeOf(this).constructor.name}:${shown.join('') || ' '}>`;
  }
}

function sorted(cookies: Cookies): Morsel[] {
  return cookies
    .items()
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, morsel]) => morsel);
}

function store(cookies: Cookies, name: string, [value, coded]: [value: unknown, coded: string]): Morsel {
  const morsel = cookies.get(name) ?? new Morsel();
  morsel.set(name, value as string, coded);
  cookies[ITEMS].set(name, morsel);
  return morsel;
}

/** Nothing is set before the whole header was read, as in Python: an attacker who can set one cookie gains less. */
function addHeader(cookies: Cookies, header: string): void {
  const parts: ['cookie' | 'attribute', string, unknown][] = [];
  let seen = false;
  for (const { name, value } of pairsOf(header)) {
    if (name.startsWith('$')) {
      // `$Version` and its like speak of all cookies, `$Path` of the one before (RFC 2965).
      if (seen) parts.push(['attribute', name.slice(1), value ?? null]);
    } else if (isReserved(name)) {
      if (!seen || (value === undefined && !isFlag(name))) return;
      parts.push(['attribute', name, value === undefined ? true : unquote(value)]);
    } else if (value === undefined) {
      return;
    } else {
      parts.push(['cookie', name, cookies.value_decode(value)]);
      seen = true;
    }
  }
  let morsel: Morsel | undefined;
  for (const [kind, name, value] of parts) {
    if (kind === 'cookie') morsel = store(cookies, name, value as [unknown, string]);
    else morsel?.update({ [name]: value });
  }
}

class QuotedCookies extends Cookies {
  override value_decode(val: string): [value: string, coded: string] {
    return [unquote(val), val];
  }

  override value_encode(val: unknown): [value: string, coded: string] {
    return [str(val), quote(str(val))];
  }
}

/** To be extended, with `value_decode` and `value_encode` of your own. */
export type BaseCookie = Cookies;
export const BaseCookie = withItems(class BaseCookie extends Cookies {});

/**
 * Cookies with text as values: `c['sid'] = 'x'`, `c['sid']['path'] = '/'`, `c['sid'].value`, `'sid' in c`, `delete c['sid']`,
 * `Object.keys(c)`. A name that is missing is a KeyError. TypeScript has one type for what is read and what is assigned:
 * there write `c.set('sid', 'x')`.
 */
export type SimpleCookie = Cookies & { [name: string]: Morsel };
export const SimpleCookie = withItems(class SimpleCookie extends QuotedCookies {}) as unknown as new (
  input?: CookieInput | null,
) => SimpleCookie;
