/** Charsets of forms: the names that Python's codecs take, and those of the WHATWG Encoding standard. */
import { TextDecoder } from 'node:util';
import { RequestError } from '../../errors.js';

/** Bytes that cannot be decoded become U+FFFD, as with `errors='replace'`. */
export type Decode = (bytes: Buffer) => string;

/** Names of Python's `encodings.aliases`, without punctuation, that the standard spells in another way or not at all. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  'utf-8': ['utf8', 'u8', 'utf', 'utf8ucs2', 'utf8ucs4', 'cp65001'],
  'utf-8-sig': ['utf8sig'],
  'latin-1': [
    ...['latin1', 'latin', 'l1', '8859', 'iso88591', 'iso885911987', 'iso8859', 'isoir100'],
    ...['cp819', 'ibm819', 'csisolatin1'],
  ],
  ascii: [
    ...['ascii', 'usascii', '646', 'us', 'iso646us', 'iso646irv1991', 'isoir6', 'ansix341968', 'ansix341986'],
    ...['cp367', 'ibm367', 'csascii'],
  ],
  'windows-1252': ['cp1252', 'windows1252', '1252', 'xcp1252'],
  'utf-16': ['utf16', 'u16'],
  'utf-16le': ['utf16le', 'unicodelittleunmarked'],
  'utf-16be': ['utf16be', 'unicodebigunmarked'],
  'iso-8859-2': ['l2', 'iso885921987'],
  'iso-8859-3': ['l3', 'iso885931988'],
  'iso-8859-4': ['l4', 'iso885941988'],
  'iso-8859-5': ['iso885951988'],
  'iso-8859-6': ['iso885961987'],
  'iso-8859-7': ['greek8', 'iso885971987'],
  'iso-8859-8': ['iso885981988'],
  'koi8-r': ['koi8r', 'cskoi8r'],
  'koi8-u': ['koi8u'],
  'iso-2022-jp': ['iso2022jp', 'csiso2022jp'],
  'iso-8859-9': ['l5', 'iso885991989'],
  'iso-8859-10': ['l6', 'iso8859101992'],
  'iso-8859-11': ['thai', 'tis620', 'tis6200', 'tis62025290', 'tis62025291', 'isoir166', 'iso8859112001'],
  'iso-8859-13': ['latin7', 'l7'],
  'iso-8859-14': ['latin8', 'l8', 'iso8859141998', 'isoceltic', 'isoir199'],
  'iso-8859-15': ['latin9', 'l9'],
  'iso-8859-16': ['latin10', 'l10', 'iso8859162001', 'isoir226'],
  ibm866: ['cp866', '866', 'csibm866'],
  'windows-874': ['cp874'],
  macintosh: ['macroman'],
  'x-mac-cyrillic': ['maccyrillic'],
  shift_jis: ['shiftjis', 'cp932', '932', 'ms932', 'mskanji', 'xmacjapanese'],
  'euc-jp': ['eucjp', 'ujis'],
  gbk: ['936', 'cp936', 'ms936', 'euccn', 'eucgb2312cn', 'gb23121980', 'gb231280', 'xmacsimpchinese'],
  gb18030: ['gb180302000'],
  'euc-kr': ['euckr', 'ksc56011987', '949', 'cp949', 'ms949', 'uhc', 'ksx1001', 'xmackorean'],
  big5: ['950', 'cp950', 'ms950', 'big5tw', 'big5hkscs', 'hkscs', 'xmactradchinese'],
};

const BY_ALIAS: ReadonlyMap<string, string> = new Map(
  Object.entries(ALIASES).flatMap(([label, names]) => names.map((name) => [name, label] as const)),
);

/** From 0x80 on; what is not there stays a control character (https://encoding.spec.whatwg.org/#windows-1252). */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const UTF_16_BE_MARK = Buffer.from([0xfe, 0xff]);

/** @param what has this charset: `The form`. @throws RequestError 415 if it cannot be decoded. */
export function decoderFor(what: string, charset: string): Decode {
  const decode = decoderOf(charset);
  if (decode !== undefined) return decode;
  throw new RequestError(415, `${what} has a charset that is not supported: ${JSON.stringify(charset)}`);
}

/** Undefined for a charset that Node cannot decode: EBCDIC, most code pages of DOS, UTF-7 and UTF-32, for example. */
export function decoderOf(charset: string): Decode | undefined {
  const bare = charset.toLowerCase().replace(/[^0-9a-z]/g, '');
  const label = BY_ALIAS.get(bare);
  switch (label) {
    case 'utf-8':
      return utf8;
    case 'utf-8-sig':
      return (bytes) => utf8(bytes).replace(/^\ufeff/, '');
    // Python's latin-1 is ISO 8859-1; in the Encoding standard it is another name of windows-1252.
    case 'latin-1':
      return (bytes) => bytes.toString('latin1');
    case 'ascii':
      return (bytes) => bytes.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd');
    // By hand: some versions of Node 20 decode it as ISO 8859-1.
    case 'windows-1252':
      return (bytes) => bytes.toString('latin1').replace(/[\x80-\x9f]/g, windows1252);
    case 'utf-16':
      return utf16;
    case undefined: {
      const [, family, number] = /^(iso8859|cp|windows|)(\d+)$/.exec(bare) ?? [];
      const spelled =
        family === undefined ? charset : `${family === 'iso8859' ? 'iso-8859' : 'windows'}-${number}`;
      return byLabel(spelled) ?? byLabel(charset.replaceAll('_', '-')) ?? byLabel(bare);
    }
    default:
      return byLabel(label);
  }
}

function byLabel(label: string): Decode | undefined {
  try {
    const decoder = new TextDecoder(label, { ignoreBOM: true });
    const decode: Decode = (bytes) => decoder.decode(bytes);
    // Node 20 has a private character for this byte in gbk, all versions in big5.
    return /^\p{Co}$/u.test(decode(Buffer.of(0xff))) ? (bytes) => withEveryFF(bytes, decode) : decode;
  } catch {
    return undefined;
  }
}

/** In place of each 0xff goes 0x00 through the decoder: neither is a part of a character of several bytes. */
function withEveryFF(bytes: Buffer, decode: Decode): string {
  if (!bytes.includes(0xff)) return decode(bytes);
  let at = 0;
  return decode(bytes.map((byte) => (byte === 0xff ? 0 : byte)) as Buffer).replaceAll('\0', (zero) => {
    while (bytes[at] !== 0 && bytes[at] !== 0xff) at++;
    return bytes[at++] === 0 ? zero : '\ufffd';
  });
}

function utf8(bytes: Buffer): string {
  return bytes.toString('utf8');
}

function windows1252(character: string): string {
  return WINDOWS_1252[character.charCodeAt(0) - 0x80] ?? character;
}

/** As its mark says; without one, as most machines have it. */
function utf16(bytes: Buffer): string {
  const bigEndian = bytes.subarray(0, 2).equals(UTF_16_BE_MARK);
  return new TextDecoder(bigEndian ? 'utf-16be' : 'utf-16le').decode(bytes);
}

/** Of a form, or of one part. What HTML sends is UTF-8 always; other clients may say so. */
export function charsetOf(contentType: string): string {
  const found = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"]*)"|([^\s;"]*))/i.exec(contentType);
  return (found?.[1] ?? found?.[2]) || 'utf-8';
}
