/** Text of strangers for the eyes of a reader: what would steer a terminal, or turn text around, is shown as an escape. */
import { escape as escapeHtml } from '../../stdlib/html.js';

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
