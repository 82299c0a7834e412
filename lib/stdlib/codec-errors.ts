/** Error handlers of Python's codecs (`errors='replace'`): what becomes of text or bytes that an encoding does not have. */
import { LookupError, UnicodeDecodeError, UnicodeEncodeError } from './errors.js';
import { escapeOf } from './values.js';

/** A part that cannot be converted. Positions count bytes when decoding, code points when encoding. */
export interface Bad<Whole> {
  /** Of the codec, as messages name it. */
  readonly codec: string;
  readonly whole: Whole;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/**
 * What stands for bytes that are not in the encoding, and where to continue.
 * @throws UnicodeDecodeError for `strict`, and for bytes that the handler does not take. LookupError for an unknown handler.
 */
export function decodeBad(errors: string, bad: Bad<Uint8Array>): { text: string; next: number } {
  const { whole, start, end } = bad;
  const bytes = [...whole.subarray(start, end)];
  switch (errors) {
    case 'strict':
      break;
    case 'replace':
      return { text: '\ufffd', next: end };
    case 'ignore':
      return { text: '', next: end };
    case 'backslashreplace':
      return { text: bytes.map((byte) => escapeOf(String.fromCharCode(byte))).join(''), next: end };
    case 'surrogateescape':
      // PEP 383. ASCII is never escaped.
      if (bytes.some((byte) => byte < 0x80)) break;
      return { text: String.fromCharCode(...bytes.map((byte) => 0xdc00 + byte)), next: end };
    case 'surrogatepass': {
      const [first = 0, second = 0, third = 0] = whole.subarray(start, start + 3);
      const isSurrogate = first === 0xed && second >> 5 === 0b101 && third >> 6 === 0b10;
      if (bad.codec !== 'utf-8' || !isSurrogate) break;
      return {
        text: String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)),
        next: start + 3,
      };
    }
    default:
      throw unknownHandler(errors);
  }
  const one = end - start === 1;
  const what = one ? `byte 0x${bytes[0]?.toString(16).padStart(2, '0')}` : 'bytes';
  throw new UnicodeDecodeError(`'${bad.codec}' codec can't decode ${what} in position ${placeOf(bad)}`);
}

/**
 * What stands for characters that are not in the encoding: bytes, or text that is encoded in turn.
 * @throws UnicodeEncodeError for `strict`, and for characters that the handler does not take. LookupError for an unknown
 * handler.
 */
export function encodeBad(errors: string, bad: Bad<readonly string[]>): string | Buffer {
  const characters = bad.whole.slice(bad.start, bad.end);
  const codes = characters.map((character) => character.codePointAt(0) ?? 0);
  switch (errors) {
    case 'strict':
      break;
    case 'replace':
      return '?'.repeat(characters.length);
    case 'ignore':
      return '';
    case 'backslashreplace':
      return characters.map(escapeOf).join('');
    case 'xmlcharrefreplace':
      return codes.map((code) => `&#${code};`).join('');
    case 'surrogateescape': {
      const wrong = codes.findIndex((code) => code < 0xdc80 || code > 0xdcff);
      if (wrong === -1) return Buffer.from(codes.map((code) => code - 0xdc00));
      // CPython escapes those before it, except in code pages: they are not in its message.
      if (wrong > 0 && bad.codec !== 'charmap') encodeBad('strict', { ...bad, start: bad.start + wrong });
      break;
    }
    case 'surrogatepass':
      if (bad.codec !== 'utf-8') break;
      return Buffer.from(codes.flatMap((code) => [0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]));
    default:
      throw unknownHandler(errors);
  }
  const what = characters.length === 1 ? `character '${escapeOf(characters[0] ?? '')}'` : 'characters';
  throw new UnicodeEncodeError(`'${bad.codec}' codec can't encode ${what} in position ${placeOf(bad)}`);
}

function placeOf({ start, end, reason }: Bad<unknown>): string {
  return `${end - start === 1 ? start : `${start}-${end - 1}`}: ${reason}`;
}

function unknownHandler(errors: string): LookupError {
  return new LookupError(`unknown error handler name '${errors}'`);
}
