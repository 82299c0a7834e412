/** The text of a JSON document in bytes: UTF-8, UTF-16 or UTF-32, as its first bytes tell. */
import { UnicodeDecodeError } from '../errors.js';

/** Python's `json.detect_encoding`: a mark, or where the zeros are (RFC 4627 section 3). @throws UnicodeDecodeError */
export function textOfBytes(array: Uint8Array): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const [a, b, c, d] = bytes;
  const start = bytes.toString('latin1', 0, 4);
  if (start === '\x00\x00\xfe\xff') return utf32(bytes.subarray(4), 'BE');
  if (start === '\xff\xfe\x00\x00') return utf32(bytes.subarray(4), 'LE');
  if (start.startsWith('\xfe\xff')) return utf16(bytes.subarray(2), 'utf-16be');
  if (start.startsWith('\xff\xfe')) return utf16(bytes.subarray(2), 'utf-16le');
  if (start.startsWith('\xef\xbb\xbf')) return utf8(bytes.subarray(3));
  if (bytes.length >= 4) {
    if (a === 0) return b === 0 ? utf32(bytes, 'BE') : utf16(bytes, 'utf-16be');
    if (b === 0) return c !== 0 || d !== 0 ? utf16(bytes, 'utf-16le') : utf32(bytes, 'LE');
  } else if (bytes.length === 2) {
    if (a === 0) return utf16(bytes, 'utf-16be');
    if (b === 0) return utf16(bytes, 'utf-16le');
  }
  return utf8(bytes);
}

/** Surrogates may be in it, as with Python's `surrogatepass`. ED begins no other character with such a second byte. */
function utf8(bytes: Buffer): string {
  const text = strictly('utf-8', bytes);
  if (text !== undefined) return text;
  const pieces = bytes.toString('latin1').split(/(\xed[\xa0-\xbf][\x80-\xbf])/);
  return pieces
    .map((piece, i) => {
      const part = Buffer.from(piece, 'latin1');
      if (i % 2 === 1)
        return String.fromCharCode(0xd000 | (((part[1] ?? 0) & 0x3f) << 6) | ((part[2] ?? 0) & 0x3f));
      const decoded = strictly('utf-8', part);
      if (decoded === undefined) throw new UnicodeDecodeError("'utf-8' codec can't decode these bytes");
      return decoded;
    })
    .join('');
}

/** By hand, for TextDecoder refuses surrogates that stand alone. */
function utf16(bytes: Buffer, encoding: 'utf-16be' | 'utf-16le'): string {
  if (bytes.length % 2 !== 0)
    throw new UnicodeDecodeError(`'${encoding}' codec can't decode: truncated data`);
  return (encoding === 'utf-16le' ? bytes : Buffer.from(bytes).swap16()).toString('utf16le');
}

function utf32(bytes: Buffer, order: 'BE' | 'LE'): string {
  const encoding = order === 'BE' ? 'utf-32be' : 'utf-32le';
  if (bytes.length % 4 !== 0)
    throw new UnicodeDecodeError(`'${encoding}' codec can't decode: truncated data`);
  let text = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const point = order === 'BE' ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    if (point > 0x10ffff) {
      throw new UnicodeDecodeError(`'${encoding}' codec can't decode: code point not in range(0x110000)`);
    }
    text += String.fromCodePoint(point);
  }
  return text;
}

function strictly(encoding: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
