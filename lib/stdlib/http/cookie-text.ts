/** The text of cookies, as Python's `http.cookies` reads and writes it: names, quoted values, and the header `Cookie`. */
import { repr, str } from '../values.js';

/** Python's `http.cookies.CookieError`: a name, a value or an attribute that a cookie cannot have. */
export class CookieError extends Error {
  override readonly name = 'CookieError';
}

/** What needs no quotes, in a value too (RFC 2109, and `:`). */
const LEGAL = /^[\w!#$%&'*+.^`|~:-]+$/;
/** Inside quotes as they are: what is legal, some that browsers send, and all above U+00FF. */
const ESCAPED = /[^\w!#$%&'*+.^`|~: ()/<=>?@[\]{}\u0100-\uffff-]/g;

export function isLegalName(name: string): boolean {
  return LEGAL.test(name);
}

/** A value as it is sent: in double quotes, with `\"`, `\\` and `\ooo`, unless each of its characters is legal. */
export function quote(text: string): string {
  if (LEGAL.test(text)) return text;
  return `"${text.replace(ESCAPED, (character) =>
    character === '"' || character === '\\' ? `\\${character}` : octal(character),
  )}"`;
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** The reverse of `quote`. What is not in double quotes stays as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text
    .slice(1, -1)
    .replace(/\\(?:([0-3][0-7][0-7])|([^\n]))/g, (_, code?: string, character = '') =>
      code === undefined ? character : String.fromCharCode(Number.parseInt(code, 8)),
    );
}

/**
 * Control characters are refused, as in Python since 2026: `path = '/\r\nX: y'` would begin another header.
 * @throws CookieError
 */
export function checkControls(...values: readonly unknown[]): void {
  if (!values.some((value) => /[\x00-\x1f\x7f]/.test(str(value)))) return;
  throw new CookieError(`Control characters are not allowed in cookies ${values.map(repr).join(' ')}`);
}

/** A name, and the value unless there was no `=`. */
export interface Pair {
  readonly name: string;
  readonly value: string | undefined;
}

const NAME = String.raw`\w!#%&'~_\`><@,:/$*+.^|)(?}{\-`;
/** A quoted string, a date (the one value with blanks in it: `Wed, 09 Jun 2021 10:18:14 GMT`), or a word. */
const VALUE = String.raw`"(?:[^\\"]|\\[^\n])*"|\w{3},[ \t-\r][\w \t-\r-]{9,11}[ \t-\r][\d:]{8}[ \t-\r]GMT|[${NAME}=[\]]*`;
const END = String.raw`[ \t-\r]*(?:[ \t-\r]+|;|$)`;

/**
 * Python has one pattern, in which a name may hold `=` and is as short as possible. Tried at each `=` of `a=====…`, it
 * takes time with the square of the length. These two find the same: the name ends at its first `=`, or, if nothing
 * matches so, at its last one (`a=b="c"`). Any `=` in between has the same word after it as the first.
 */
const PAIRS = [
  new RegExp(`[ \\t-\\r]*([${NAME}=][${NAME}]*)(?:[ \\t-\\r]*=[ \\t-\\r]*(${VALUE}))?${END}`, 'y'),
  new RegExp(`[ \\t-\\r]*([${NAME}=]+)=(?![${NAME}=])[ \\t-\\r]*(${VALUE})${END}`, 'y'),
];

/** The pairs of a header, up to the first text that is none. */
export function* pairsOf(header: string): Generator<Pair> {
  for (let at = 0; at < header.length; ) {
    const found = matchAt(header, at);
    if (found === undefined) return;
    at += found[0].length;
    yield { name: found[1] ?? '', value: found[2] };
  }
}

function matchAt(header: string, at: number): RegExpExecArray | undefined {
  for (const pattern of PAIRS) {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) return found;
  }
  return undefined;
}
