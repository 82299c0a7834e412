/** Python's `str.encode` and `bytes.decode`: encodings by its names, with its error handlers. */
import { isUtf8 } from 'node:buffer';
import { type Decode, decoderOf } from '../environ/form/charset.js';
import { decodeBad, encodeBad } from './codec-errors.js';
import { LookupError, UnicodeDecodeError } from './errors.js';

interface Codec {
  /** As messages name it. */
  readonly name: string;
  /** Why a character is not in it. */
  readonly reason: string;
  /** Begins what is encoded. */
  readonly mark: Buffer;
  /** Undefined for a character that it does not have. */
  bytesOf(character: string): Buffer | undefined;
  decode(bytes: Buffer, errors: string): string;
}

const NOTHING = Buffer.alloc(0);
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const UTF_8_MARK = Buffer.from('\ufeff');
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const NO_SURROGATES = 'surrogates not allowed';

/**
 * Python's `text.encode(encoding, errors)`.
 * @throws UnicodeEncodeError, with a position in code points. LookupError for an encoding that Node does not have; those of
 * several bytes a character other than UTF-8 and UTF-16 can only be decoded.
 */
export function encode(text: string, encoding = 'utf-8', errors = 'strict'): Buffer {
  const codec = codecOf(encoding);
  if (codec === UTF_8 && !LONE_SURROGATE.test(text)) return Buffer.from(text, 'utf8');
  const characters = [...text];
  const pieces = [codec.mark];
  for (let start = 0; start < characters.length; ) {
    const bytes = codec.bytesOf(characters[start] ?? '');
    if (bytes !== undefined) {
      pieces.push(bytes);
      start++;
      continue;
    }
    let end = start + 1;
    while (end < characters.length && codec.bytesOf(characters[end] ?? '') === undefined) end++;
    const { name, reason } = codec;
    const instead = encodeBad(errors, { codec: name, whole: characters, start, end, reason });
    if (typeof instead !== 'string') pieces.push(instead);
    // The replacements are ASCII.
    else for (const character of instead) pieces.push(codec.bytesOf(character) ?? NOTHING);
    start = end;
  }
  return Buffer.concat(pieces);
}

/**
 * Python's `data.decode(encoding, errors)`.
 * @throws UnicodeDecodeError. LookupError for an encoding that Node does not have.
 */
export function decode(bytes: Uint8Array, encoding = 'utf-8', errors = 'strict'): string {
  const codec = codecOf(encoding);
  return codec.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), errors);
}

/** Few, for a client may choose the names. */
const known = new Map<string, Codec>();
const MOST_KNOWN = 50;

function codecOf(encoding: string): Codec {
  const found = known.get(encoding);
  if (found !== undefined) return found;
  const decodes = decoderOf(encoding);
  if (decodes === undefined) throw new LookupError(`unknown encoding: ${encoding}`);
  const codec = codecBy(decodes, encoding);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(encoding, codec);
  return codec;
}

/** Encodings have dozens of names; which one it is shows in what its decoder does. */
function codecBy(decodes: Decode, encoding: string): Codec {
  if (decodes(Buffer.from('é')) === 'é') return decodes(UTF_8_MARK) === '' ? UTF_8_SIG : UTF_8;
  if (decodes(Buffer.from('a\0')) === 'a') return utf16(decodes, decodes(Buffer.from([0xff, 0xfe])) === '');
  if (decodes(Buffer.from('\0a')) === 'a') return { ...utf16(decodes, false), bytesOf: bigEndian };
  const table = [...decodes(EVERY_BYTE)];
  const upper = table.slice(128);
  if (table.length !== 256) return multibyte(decodes, encoding);
  if (upper.every((character) => character === '\ufffd')) {
    return table.indexOf('\ufffd') === 128 ? ASCII : multibyte(decodes, encoding);
  }
  if (table.join('') === EVERY_BYTE.toString('latin1')) return LATIN_1;
  // The Encoding standard fills the gaps of Windows' code pages with control characters, Python leaves them open.
  const isControl = (character: string) => /[\x80-\x9f]/.test(character);
  const isOpen = upper.slice(0, 32).some((character) => !isControl(character)) ? isControl : () => false;
  return singleByte('charmap', 'character maps to <undefined>', (byte) => {
    const character = table[byte];
    return character === undefined || character === '\ufffd' || isOpen(character) ? undefined : character;
  });
}

const UTF_8: Codec = {
  name: 'utf-8',
  reason: NO_SURROGATES,
  mark: NOTHING,
  bytesOf: (character) => (LONE_SURROGATE.test(character) ? undefined : Buffer.from(character, 'utf8')),
  decode: decodeUtf8,
};

const UTF_8_SIG: Codec = {
  ...UTF_8,
  mark: UTF_8_MARK,
  decode: (bytes, errors) =>
    decodeUtf8(bytes.subarray(0, 3).equals(UTF_8_MARK) ? bytes.subarray(3) : bytes, errors),
};

const ASCII = singleByte('ascii', 'ordinal not in range(128)', (byte) =>
  byte < 0x80 ? String.fromCharCode(byte) : undefined,
);
const LATIN_1 = singleByte('latin-1', 'ordinal not in range(256)', (byte) => String.fromCharCode(byte));

/** With a mark, as Python's `utf-16`, or without, as `utf-16-le`. */
function utf16(decodes: Decode, marked: boolean): Codec {
  return {
    ...multibyte(decodes, 'utf-16'),
    mark: marked ? Buffer.from([0xff, 0xfe]) : NOTHING,
    reason: NO_SURROGATES,
    bytesOf: (character) => (LONE_SURROGATE.test(character) ? undefined : Buffer.from(character, 'utf16le')),
  };
}

function bigEndian(character: string): Buffer | undefined {
  return LONE_SURROGATE.test(character) ? undefined : Buffer.from(character, 'utf16le').swap16();
}

function singleByte(name: string, reason: string, characterOf: (byte: number) => string | undefined): Codec {
  const table = Array.from(EVERY_BYTE, characterOf);
  const bytes = new Map(table.map((character, byte) => [character, byte]));
  return {
    name,
    reason,
    mark: NOTHING,
    bytesOf(character) {
      const byte = bytes.get(character);
      return byte === undefined ? undefined : EVERY_BYTE.subarray(byte, byte + 1);
    },
    decode(whole, errors) {
      let text = '';
      for (const [start, byte] of whole.entries()) {
        const bad = { codec: name, whole, start, end: start + 1, reason };
        text += table[byte] ?? decodeBad(errors, bad).text;
      }
      return text;
    },
  };
}

/** Whatever else Node decodes. It does not say where the bad bytes are. */
function multibyte(decodes: Decode, name: string): Codec {
  return {
    name,
    reason: 'Node.js cannot encode it',
    mark: NOTHING,
    bytesOf() {
      throw new LookupError(`encoding that can only be decoded: ${name}`);
    },
    decode(bytes, errors) {
      const text = decodes(bytes);
      if (errors === 'replace' || !text.includes('\ufffd')) return text;
      if (errors === 'ignore') return text.replaceAll('\ufffd', '');
      throw new UnicodeDecodeError(`'${name}' codec can't decode the bytes: illegal multibyte sequence`);
    },
  };
}

function decodeUtf8(whole: Buffer, errors: string): string {
  // The replacements are the same: one for each maximal part (https://encoding.spec.whatwg.org/#utf-8-decoder).
  if (errors === 'replace' || isUtf8(whole)) return whole.toString('utf8');
  let text = '';
  let from = 0;
  for (let start = 0; start < whole.length; ) {
    const { length, reason } = sequenceAt(whole, start);
    if (reason === undefined) {
      start += length;
      continue;
    }
    const bad = { codec: UTF_8.name, whole, start, end: start + length, reason };
    const instead = decodeBad(errors, bad);
    text += whole.toString('utf8', from, start) + instead.text;
    from = start = instead.next;
  }
  return text + whole.toString('utf8', from);
}

/** One character of UTF-8, or as many bytes as could have begun one, and what is wrong (Unicode, table 3-7). */
function sequenceAt(bytes: Buffer, at: number): { length: number; reason?: string } {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return { length: 1 };
  if (lead < 0xc2 || lead > 0xf4) return { length: 1, reason: 'invalid start byte' };
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return { length: i, reason: 'unexpected end of data' };
    if (byte < least || byte > most) return { length: i, reason: 'invalid continuation byte' };
    least = 0x80;
    most = 0xbf;
  }
  return { length };
}
