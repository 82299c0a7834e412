/** Python's `json`: `dumps` writes the text that Python writes, byte for byte, and `loads` takes what Python takes. */
import { isUint8Array } from 'node:util/types';
import { typeName } from '../environ/syntax.js';
import { bind } from './arguments.js';
import { textOfBytes } from './json/bytes.js';
import { JSONDecodeError } from './json/decode-error.js';
import { type LoadsOptions, Scanner } from './json/scanner.js';

export { type DumpsOptions, dumps } from './json/encoder.js';
export { JSONDecodeError, type LoadsOptions };

const NAMES = [
  ...['strict', 'object_hook', 'object_pairs_hook', 'parse_float', 'parse_int', 'parse_constant'],
] as const;

/**
 * Objects come as dicts: no prototype, and `__proto__` is a key like others. Of a name that is there twice the last value
 * counts.
 * @throws JSONDecodeError, which is a ValueError; UnicodeDecodeError, which is one too; TypeError for neither text nor
 * bytes; RangeError where Python has a RecursionError.
 */
export function loads(text: string | Uint8Array, options?: LoadsOptions): unknown {
  const given = bind('loads', NAMES, options === undefined ? [] : [options]) as LoadsOptions;
  if (typeof text !== 'string') {
    if (!isUint8Array(text)) {
      throw new TypeError(`the JSON object must be str, bytes or bytearray, not ${typeName(text)}`);
    }
    return new Scanner(textOfBytes(text), given).document();
  }
  if (text.startsWith('\ufeff')) {
    throw new JSONDecodeError('Unexpected UTF-8 BOM (decode using utf-8-sig)', text, 0);
  }
  return new Scanner(text, given).document();
}
