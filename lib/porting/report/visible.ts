/** Text of strangers for the eyes of a reader: what would steer a terminal, or turn text around, is shown as an escape. */
import { escape as escapeHtml } from '../../stdlib/html.js';
import { sameStart } from '../diff/findings.js';

/** Control characters but tab and line feed, marks of direction, separators of lines, and what XML cannot hold. */
const UNSEEN =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Line feeds and tabs stay. */
export function visible(text: string): string {
  return text.replace(UNSEEN, escapeOf);
}

/** On one line. */
export function inLine(text: string): string {
  return visible(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function escapeOf(character: string): string {
  if (character === '\r') return '\\r';
  const code = character.charCodeAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
}

/** For HTML and XML, in elements and attributes. */
export function escaped(text: string): string {
  return escapeHtml(visible(text));
}

/** `1 exchange`, `2 exchanges`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

// The two values of a difference

/** Characters that are shown, and how many of them before the difference. */
const SHOWN = 240;
const BEFORE = 80;

/** On one line each, shortened around the place where they begin to differ. `null` for a side that has none. */
export function shortValues(
  original: string | null,
  candidate: string | null,
): [original: string | null, candidate: string | null] {
  const start = sameStart(original ?? '', candidate ?? '');
  return [shortened(original, start), shortened(candidate, start)];
}

function shortened(value: string | null, start: number): string | null {
  if (value === null || value.length <= SHOWN) return value === null ? null : inLine(value);
  const from = Math.max(0, Math.min(start - BEFORE, value.length - SHOWN));
  const part = value.slice(from, from + SHOWN).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return `${from === 0 ? '' : '…'}${inLine(part)}${from + SHOWN < value.length ? '…' : ''}`;
}
