/** Python's `html`: text into HTML, and the characters that HTML writes by name or number back into text. */
import { bind } from './arguments.js';
import { readEntities } from './html-entities.js';
import { isTrue, typeName } from './values.js';

// Named apart from the global functions of JavaScript, which do something else.
export { escapeText as escape, unescapeText as unescape };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

/**
 * `&`, `<` and `>` as HTML, and with `quote` also `"` and `'`, for the value of an attribute.
 * @param quote true by default. `cgi.escape`, which Python had before, left quotes alone: `escape(s, false)`.
 * @throws TypeError if `s` is not text: nothing is converted.
 */
function escapeText(s: string, quote?: boolean | number | null | { quote?: boolean | number | null }): string;
function escapeText(s: string, ...given: unknown[]): string {
  const { quote = true } = bind('escape', ['quote'], given);
  return textOf('escape', s).replace(
    isTrue(quote) ? /[&<>"']/g : /[&<>]/g,
    (found) => ESCAPES[found] ?? found,
  );
}

/** `&#65;`, `&#x41;` and names, the semicolon optional; a name is cut where it can no longer be one. */
const REFERENCE = /&(?:#(\d+);?|#[xX]([\da-fA-F]+);?|([^\t\n\f <&#;]{1,32};?))/gu;

/** Of the 2,231 names; read when the first one is looked for. */
let entities: Map<string, string> | undefined;

/**
 * Named and numbered characters as HTML 5 reads them: `&notit;` is `¬it;`, `&#128;` is `€`, and what has no meaning stays.
 * @throws TypeError if `s` is not text.
 */
function unescapeText(s: string): string {
  return textOf('unescape', s).replace(REFERENCE, (_, decimal?: string, hex?: string, name = '') => {
    if (decimal !== undefined) return numbered(Number.parseInt(decimal, 10));
    return hex === undefined ? named(name) : numbered(Number.parseInt(hex, 16));
  });
}

function textOf(callable: string, s: unknown): string {
  if (typeof s !== 'string') throw new TypeError(`${callable}() takes text, not ${typeName(s)}`);
  return s;
}

/** The longest beginning that is a name; old names need no semicolon (`?a=1&copy=2`). */
function named(name: string): string {
  entities ??= readEntities();
  for (let length = name.length; length > 1; length--) {
    const text = entities.get(name.slice(0, length));
    if (text !== undefined) return text + name.slice(length);
  }
  return `&${name}`;
}

/** 128 to 159 are those of Windows-1252, as browsers read them. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

/** HTML, "numeric character reference end state". Python leaves out control characters and what is not a character. */
function numbered(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252.charAt(code - 0x80);
  const isControl = (code < 0x20 && !/[\t\n\f\r]/.test(String.fromCharCode(code))) || code === 0x7f;
  const isNothing = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
  return isControl || isNothing ? '' : String.fromCodePoint(code);
}
