/** `cgi.parse_header`: a header such as Content-Type, and its parameters, as lenient as Python is. */
import { type Dict, makeDict } from '../arguments.js';

/**
 * `text/html; charset=utf-8` → `['text/html', { charset: 'utf-8' }]`. Names in lower case; quotes are taken off; the last
 * of a name counts; what has no `=` is left out, and `filename*` is not decoded.
 */
export function parse_header(line: string): [value: string, parameters: Dict<string>] {
  const [value = '', ...rest] = parametersOf(line);
  const parameters = makeDict<string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    if (equals === -1) continue;
    parameters[strip(parameter.slice(0, equals)).toLowerCase()] = unquoted(
      strip(parameter.slice(equals + 1)),
    );
  }
  return [value, parameters];
}

/** Cuts at each `;` with an even number of quotation marks before it, those after a backslash not counted. */
function* parametersOf(line: string): Generator<string> {
  let start = 0;
  let marks = 0;
  for (let at = 0; at <= line.length; at++) {
    const character = line[at];
    if (character === '"' && (at === start || line[at - 1] !== '\\')) marks++;
    if (character !== undefined && (character !== ';' || marks % 2 !== 0)) continue;
    yield strip(line.slice(start, at));
    start = at + 1;
    marks = 0;
  }
}

/** One after the other, as Python does it: `\\"` ends up as `"`. */
function unquoted(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replaceAll('\\\\', '\\').replaceAll('\\"', '"');
}

/** Python's `str.strip()`. By hand: an expression would take quadratic time. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE.test(text[start] as string)) start++;
  while (end > start && WHITE.test(text[end - 1] as string)) end--;
  return text.slice(start, end);
}

/** White space to Python: without U+FEFF, and with the separators that JavaScript does not count. */
const WHITE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
