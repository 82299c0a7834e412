/** Arguments that are all text, or all bytes of ASCII; the result is what the arguments were (`_coerce_args` in Python). */
import { decode } from '../codecs.js';
import { AttributeError } from '../errors.js';
import { isTrue, typeName } from '../values.js';

/** What the functions of URLs take. Python takes None, and gives bytes for it. */
export type UrlText = string | Uint8Array;

export interface Coerced {
  readonly texts: readonly string[];
  readonly result: (text: string) => string | Buffer;
}

/**
 * The first argument decides; empty ones of the other type are not a contradiction.
 * @throws TypeError for a mix. UnicodeDecodeError for bytes above 0x7f.
 */
export function coerce(values: readonly unknown[]): Coerced {
  const isText = typeof values[0] === 'string';
  for (const value of values.slice(1)) {
    if (isTrue(value) && (typeof value === 'string') !== isText) {
      throw new TypeError('Cannot mix str and non-str arguments');
    }
  }
  if (isText) {
    return { texts: values.map((value) => (typeof value === 'string' ? value : '')), result: (text) => text };
  }
  return { texts: values.map(asciiOf), result: (text) => Buffer.from(text, 'latin1') };
}

function asciiOf(value: unknown): string {
  if (!isTrue(value)) return '';
  if (value instanceof Uint8Array) return decode(value, 'ascii');
  throw new AttributeError(`'${typeName(value)}' object has no attribute 'decode'`);
}

/** A component of a result, which was text or bytes. */
export function textOf(component: UrlText): string {
  return typeof component === 'string' ? component : Buffer.from(component).toString('latin1');
}
