/** The pairs of a query string or an urlencoded body, as `urllib.parse.parse_qsl` takes them apart, within the limits of a form. */
import { ValueError } from '../errors.js';
import { quotedPairs } from '../urllib/query.js';
import type { FormRequest } from './arguments.js';

export type PairOptions = Pick<
  FormRequest,
  'keep_blank_values' | 'strict_parsing' | 'max_num_fields' | 'separator' | 'text' | 'meter'
>;

/** @throws ValueError as Python; ContentTooLarge over a limit. */
export function pairsOf(query: string, options: PairOptions): [name: string, value: string][] {
  const { separator, max_num_fields, strict_parsing, keep_blank_values, text, meter } = options;
  if (typeof separator !== 'string' || separator === '') {
    throw new ValueError('Separator must be of type string or bytes.');
  }
  const pairs: [string, string][] = [];
  if (query === '') return pairs;
  const rules = {
    separator,
    keepBlank: keep_blank_values,
    isStrict: strict_parsing,
    limit: max_num_fields,
  };
  for (const [name, value] of quotedPairs(query, rules, JSON.stringify)) {
    const [sentName, sentValue] = [name.replaceAll('+', ' '), value.replaceAll('+', ' ')];
    const found: [string, string] = [text.unquote(sentName), text.unquote(sentValue)];
    meter.field(found[0].slice(0, 100), Buffer.byteLength(found[0]), Buffer.byteLength(found[1]));
    pairs.push(found);
  }
  return pairs;
}
