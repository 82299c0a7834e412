/** `unquote`, `unquote_plus` and `unquote_to_bytes` of Python's urllib.parse: `%XX` as bytes, and these as text. */
import { unquoteToNative } from '../../environ/native-string.js';
import { bind, type Given } from '../arguments.js';
import { decode, encode } from '../codecs.js';
import { AttributeError } from '../errors.js';
import { typeName } from '../values.js';
import { textOr } from './quote.js';

export interface UnquoteKeywords {
  /** Of the bytes: `'utf-8'`. */
  readonly encoding?: string | null;
  /** What becomes of bytes that are not in it: `'replace'`, each part becomes U+FFFD. */
  readonly errors?: string | null;
}

type UnquoteArguments = Given<[encoding: string | null, errors: string | null], UnquoteKeywords>;
const NAMES = ['encoding', 'errors'];

/**
 * Python's `unquote(string, encoding='utf-8', errors='replace')`. `%`, `%4` and `%zz` stay as they are, where
 * `decodeURIComponent` throws; so do `+`, and characters that are not ASCII.
 * @throws TypeError for anything but text and bytes. UnicodeDecodeError only if `errors` is `'strict'`. LookupError for an
 * unknown encoding.
 */
export function unquote(string: string | Uint8Array, ...given: UnquoteArguments): string {
  const { encoding, errors } = bind('unquote', NAMES, given);
  return unquoted(string, textOr(encoding, 'utf-8'), textOr(errors, 'replace'));
}

/**
 * Python's `unquote_plus(string, encoding='utf-8', errors='replace')`: as `unquote`, but `+` is a space. `%2B` is a plus.
 * @throws as `unquote`, and TypeError for bytes.
 */
export function unquote_plus(string: string, ...given: UnquoteArguments): string {
  const { encoding, errors } = bind('unquote_plus', NAMES, given);
  const text: unknown = string;
  if (text instanceof Uint8Array) throw new TypeError("a bytes-like object is required, not 'str'");
  if (typeof text !== 'string') throw noMethod(text, 'replace');
  return unquoted(text.replaceAll('+', ' '), textOr(encoding, 'utf-8'), textOr(errors, 'replace'));
}

/**
 * Python's `unquote_to_bytes(string)`. Text is encoded as UTF-8 first.
 * @throws TypeError for anything but text and bytes. UnicodeEncodeError for a lone surrogate.
 */
export function unquote_to_bytes(string: string | Uint8Array): Buffer {
  const value: unknown = string;
  if (value instanceof Uint8Array) return bytesOf(Buffer.from(value).toString('latin1'));
  if (typeof value !== 'string') throw noMethod(value, 'split');
  return bytesOf(encode(value).toString('latin1'));
}

function unquoted(string: unknown, encoding: string, errors: string): string {
  if (string instanceof Uint8Array) return decode(unquote_to_bytes(string), encoding, errors);
  if (typeof string !== 'string') {
    if (Array.isArray(string)) throw noMethod(string, 'split');
    throw new TypeError(`argument of type '${typeName(string)}' is not iterable`);
  }
  if (!string.includes('%')) return string;
  // Other characters end a run of escapes: what they stand for is not known.
  return string.replace(/[\x00-\x7f]+/g, (ascii) => decode(bytesOf(ascii), encoding, errors));
}

/** @param native one character for each byte. */
function bytesOf(native: string): Buffer {
  return Buffer.from(unquoteToNative(native), 'latin1');
}

function noMethod(value: unknown, name: string): AttributeError {
  return new AttributeError(`'${typeName(value)}' object has no attribute '${name}'`);
}
