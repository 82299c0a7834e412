/** Python's `http.cookies.Morsel`: one cookie, its value and its attributes. */
import { inspect } from 'node:util';
import { bind } from '../arguments.js';
import { ValueError } from '../errors.js';
import { ITEMS, type Mapping, SET_ITEM, withItems } from '../items.js';
import { entriesOf, isTrue, repr, str } from '../values.js';
import { CookieError, checkControls, isLegalName, quote } from './cookie-text.js';

/** The attributes as they are written. `partitioned` is one from Python 3.14 on. */
const WRITTEN: ReadonlyMap<string, string> = new Map([
  ['expires', 'expires'],
  ['path', 'Path'],
  ['comment', 'Comment'],
  ['domain', 'Domain'],
  ['max-age', 'Max-Age'],
  ['secure', 'Secure'],
  ['httponly', 'HttpOnly'],
  ['version', 'Version'],
  ['samesite', 'SameSite'],
]);
const FLAGS = ['secure', 'httponly'];

/** Whether a name is that of an attribute, which no cookie can have. */
export function isReserved(name: string): boolean {
  return WRITTEN.has(name.toLowerCase());
}

/** Whether an attribute has no value when it is set: `Secure`. */
export function isFlag(name: string): boolean {
  return FLAGS.includes(name.toLowerCase());
}

/** The attributes that a cookie may have; `''` is "not set". */
export interface Attributes {
  /** Seconds from now if it is a whole number. A Date is written as the date that it is. */
  expires: unknown;
  path: unknown;
  comment: unknown;
  domain: unknown;
  'max-age': unknown;
  secure: unknown;
  httponly: unknown;
  version: unknown;
  samesite: unknown;
}

/** Names of attributes to write, all others are left out; all by default. */
export type Wanted = Iterable<string> | null;
export interface MorselOutput {
  attrs?: Wanted;
  header?: string;
}

const NAMED = Symbol('key, value and coded_value');
type Named = readonly [key: string | null, value: unknown, coded: unknown];

class MorselMethods implements Mapping {
  readonly [ITEMS] = new Map<string, unknown>([...WRITTEN.keys()].map((name) => [name, '']));
  [NAMED]: Named = [null, null, null];

  get key(): string | null {
    return this[NAMED][0];
  }

  /** The value as the program means it. */
  get value(): string {
    return this[NAMED][1] as string;
  }

  /** The value as it is sent. */
  get coded_value(): string {
    return this[NAMED][2] as string;
  }

  /** @throws CookieError if a cookie cannot have that name, and for control characters in any of the three. */
  set(key: string, val: string, coded_val: string): void {
    if (isReserved(key)) throw new CookieError(`Attempt to set a reserved key ${repr(key)}`);
    if (!isLegalName(key)) throw new CookieError(`Illegal key ${repr(key)}`);
    checkControls(key, val, coded_val);
    this[NAMED] = [key, val, coded_val];
  }

  /** `m['Path'] = '/'`: the name in any case. @throws CookieError for other names, and for control characters. */
  [SET_ITEM](name: string, value: unknown): void {
    this.update({ [name]: value });
  }

  /** Sets each attribute, or none if one of them is refused. @throws CookieError as `m[name] = value` does. */
  update(
    values: Partial<Attributes> | Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
  ): void {
    const checked = (entriesOf(values) ?? Object.entries(values)).map(([given, value]): [string, unknown] => {
      const name = str(given).toLowerCase();
      if (!WRITTEN.has(name)) throw new CookieError(`Invalid attribute ${repr(name)}`);
      checkControls(name, value);
      // What was not given is not set; Python's None is null, and is written.
      return [name, value === undefined ? '' : value];
    });
    for (const [name, value] of checked) this[ITEMS].set(name, value);
  }

  /** An attribute; `fallback` for a name that is none. The name is in lower case. */
  get(name: string, fallback: unknown = null): unknown {
    return this[ITEMS].has(name) ? this[ITEMS].get(name) : fallback;
  }

  isReservedKey(name: string): boolean {
    return isReserved(name);
  }

  /** `Set-Cookie: k=v; Path=/`. `header=''` leaves the space after it, as in Python. */
  output(attrs?: Wanted | MorselOutput, header?: string | MorselOutput): string;
  output(...given: unknown[]): string {
    const { attrs, header = 'Set-Cookie:' } = bind('output', ['attrs', 'header'], given);
    return `${header} ${this.OutputString(attrs as Wanted)}`;
  }

  /**
   * A `<script>` that sets the cookie. `\` and `<` are escaped as well, which Python does not do: a value could end the
   * string, or the script.
   */
  js_output(attrs?: Wanted | { attrs?: Wanted }): string;
  js_output(...given: unknown[]): string {
    const text = this.OutputString(bind('js_output', ['attrs'], given)['attrs'] as Wanted);
    const script = text.replace(/["\\]/g, '\\$&').replaceAll('<', '\\x3c');
    const lines = [
      '<script type="text/javascript">',
      '<!-- begin hiding',
      `document.cookie = "${script}";`,
      '// end hiding -->',
      '</script>',
      '',
    ];
    return lines.map((line) => `\n        ${line}`).join('');
  }

  /** The value of the header: `['Set-Cookie', c['sid'].OutputString()]`. Attributes are sorted by name. */
  OutputString(attrs?: Wanted | { attrs?: Wanted }): string;
  OutputString(...given: unknown[]): string {
    const { attrs } = bind('OutputString', ['attrs'], given);
    const wanted = attrs === undefined || attrs === null ? undefined : [...(attrs as Iterable<string>)];
    const parts = [`${str(this.key)}=${str(this.coded_value)}`];
    for (const name of [...this[ITEMS].keys()].sort()) {
      const value = this[ITEMS].get(name);
      if (value === '' || wanted?.includes(name) === false) continue;
      const written = WRITTEN.get(name) ?? name;
      if (!isFlag(name)) parts.push(`${written}=${attributeText(name, value)}`);
      else if (isTrue(value)) parts.push(written);
    }
    return parts.join('; ');
  }

  toString(): string {
    return this.output();
  }

  [inspect.custom](): string {
    return `<Morsel: ${this.OutputString()}>`;
  }
}

function attributeText(name: string, value: unknown): string {
  // An int of Python's, which a bool is as well.
  const whole = typeof value === 'boolean' || typeof value === 'bigint' ? Number(value) : value;
  if (name === 'expires' && Number.isInteger(whole)) {
    return dateText(new Date(Date.now() + Number(whole) * 1000));
  }
  if (name === 'expires' && value instanceof Date) return dateText(value);
  if (name === 'max-age') return str(whole);
  return name === 'comment' && typeof value === 'string' ? quote(value) : str(value);
}

function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new ValueError('expires is out of range');
  return date.toUTCString();
}

/** `m['path'] = '/'` sets an attribute, whatever the case of its name; `m['path']` is one, in lower case only. */
export type Morsel = MorselMethods & Attributes;
export const Morsel = withItems(class Morsel extends MorselMethods {}) as unknown as new () => Morsel;
