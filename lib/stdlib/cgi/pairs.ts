/** The pairs of a query string or an urlencoded body, as `urllib.parse.parse_qsl` takes them apart, within the limits of a form. */
import type { FormMeter } from '../../environ/form/options.js';
import { ValueError } from '../errors.js';
import type { TextDecoding } from './text.js';

export interface PairOptions {
  readonly keep_blank_values: boolean;
  readonly strict_parsing: boolean;
  readonly max_num_fields: number | null;
  readonly separator: string;
  readonly text: TextDecoding;
  readonly meter: FormMeter;
}

/** @throws ValueError as Python; ContentTooLarge over a limit. */
export function pairsOf(query: string, options: PairOptions): [name: string, value: string][] {
  const { separator, max_num_fields, strict_parsing, keep_blank_values, text, meter } = options;
  if (typeof separator !== 'string' || separator === '') {
    throw new ValueError('Separator must be of type string or bytes.');
  }
  const pairs: [string, string][] = [];
  if (query === '') return pairs;
  if (max_num_fields !== null && max_num_fields < countOf(separator, query) + 1) {
    throw new ValueError('Max number of fields exceeded');
  }
  for (const pair of piecesOf(query, separator)) {
    if (pair === '' && !strict_parsing) continue;
    const equals = pair.indexOf('=');
    if (equals === -1 && strict_parsing) throw new ValueError(`bad query field: ${JSON.stringify(pair)}`);
    const blank = equals === -1 || equals === pair.length - 1;
    if (blank && !keep_blank_values) continue;
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? '' : pair.slice(equals + 1);
    const [sentName, sentValue] = [name.replaceAll('+', ' '), value.replaceAll('+', ' ')];
    const found: [string, string] = [text.unquote(sentName), text.unquote(sentValue)];
    meter.field(found[0].slice(0, 100), Buffer.byteLength(found[0]), Buffer.byteLength(found[1]));
    pairs.push(found);
  }
  return pairs;
}

/** One by one: `split` would hold a million empty pieces of a body that is a million separators. */
function* piecesOf(query: string, separator: string): Generator<string> {
  let start = 0;
  for (let at = query.indexOf(separator); at !== -1; at = query.indexOf(separator, start)) {
    yield query.slice(start, at);
    start = at + separator.length;
  }
  yield query.slice(start);
}

function countOf(separator: string, query: string): number {
  let count = 0;
  for (let at = query.indexOf(separator); at !== -1; at = query.indexOf(separator, at + separator.length)) {
    count++;
  }
  return count;
}
