/** JSON on many lines, for a reader: every value as it was written, so that nothing is rounded. */
import { type JsonValue, parseJson } from '../diff/json-value.js';

/** Shorter ones are read as they are. */
const LONG = 60;

/** Text on one line that is JSON, with a line for each value; every other text as it is. */
export function jsonLines(source: string): string {
  if (source.length < LONG || source.trim().includes('\n')) return source;
  const value = parseJson(source);
  return value === undefined ? source : written(value, source, '');
}

function written(value: JsonValue, source: string, indent: string): string {
  const inner = `${indent}  `;
  if (value.type === 'array') {
    return list(
      '[',
      ']',
      value.items.map((item) => inner + written(item, source, inner)),
      indent,
    );
  }
  if (value.type !== 'object') return source.slice(value.start, value.end);
  const members = [...value.members].flatMap(([name, values]) =>
    values.map((one) => `${inner}${JSON.stringify(name)}: ${written(one, source, inner)}`),
  );
  return list('{', '}', members, indent);
}

function list(open: string, close: string, parts: readonly string[], indent: string): string {
  return parts.length === 0 ? open + close : `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
