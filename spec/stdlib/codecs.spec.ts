/** Encodings by Python's names, beyond what the vectors of urllib.parse have. */
import { expect } from 'chai';
import { decode, encode } from '../../lib/stdlib/codecs.js';
import { LookupError, UnicodeDecodeError, UnicodeEncodeError } from '../../lib/stdlib/errors.js';

/** Text, encoding, and its bytes in hex, as CPython has them. */
const BOTH_WAYS: readonly [string, string, string][] = [
  ['aé日😀', 'utf-8', '61c3a9e697a5f09f9880'],
  ['aé', 'UTF8', '61c3a9'],
  ['a', 'utf-8-sig', 'efbbbf61'],
  ['a€', 'utf-16', 'fffe6100ac20'],
  ['a😀', 'utf-16-le', '61003dd800de'],
  ['a€', 'utf_16_be', '006120ac'],
  ['aé', 'iso8859-1', '61e9'],
  ['a€', 'iso8859-15', '61a4'],
  ['€Ž', 'windows-1252', '808e'],
  ['Жя', 'cp1251', 'c6ff'],
  ['Жя', 'koi8-r', 'f6d1'],
];

describe('encode and decode', () => {
  for (const [text, encoding, hex] of BOTH_WAYS) {
    it(`have ${encoding}`, () => {
      expect(encode(text, encoding).toString('hex')).to.equal(hex);
      expect(decode(Buffer.from(hex, 'hex'), encoding)).to.equal(text);
    });
  }

  it('only decode other encodings of several bytes a character', () => {
    const bytes = Buffer.from([0x82, 0xa0]);
    expect(decode(bytes, 'shift_jis')).to.equal('あ');
    expect(() => encode('あ', 'shift_jis')).to.throw(
      LookupError,
      'encoding that can only be decoded: shift_jis',
    );
    expect(() => decode(Buffer.from([0x82]), 'shift_jis')).to.throw(UnicodeDecodeError, 'shift_jis');
    expect(decode(Buffer.from([0x61, 0x82]), 'shift_jis', 'ignore')).to.equal('a');
    expect(decode(Buffer.from([0x1b, 0x24, 0x42, 0x24, 0x22]), 'iso-2022-jp')).to.equal('あ');
  });

  it('leave the gaps of a code page open', () => {
    expect(() => decode(Buffer.from([0x98]), 'cp1251')).to.throw(
      UnicodeDecodeError,
      "'charmap' codec can't decode byte 0x98 in position 0: character maps to <undefined>",
    );
    expect(() => encode('a日本', 'cp1251')).to.throw(
      UnicodeEncodeError,
      "'charmap' codec can't encode characters in position 1-2: character maps to <undefined>",
    );
  });

  it('count code points in the positions of text, and bytes in those of bytes', () => {
    expect(() => encode('😀\ud800', 'utf-8')).to.throw(
      "'utf-8' codec can't encode character '\\ud800' in position 1: surrogates not allowed",
    );
    expect(() => decode(Buffer.from([0x61, 0xf0, 0x9f, 0x98]))).to.throw(
      "'utf-8' codec can't decode bytes in position 1-3: unexpected end of data",
    );
  });

  it('let surrogates pass if they are told so', () => {
    const bytes = encode('a\ud800b', 'utf-8', 'surrogatepass');
    expect(bytes.toString('hex')).to.equal('61eda08062');
    expect(decode(bytes, 'utf-8', 'surrogatepass')).to.equal('a\ud800b');
    expect(() => decode(Buffer.from([0xed, 0xa0]), 'utf-8', 'surrogatepass')).to.throw(UnicodeDecodeError);
    const escaped = decode(Buffer.from([0x61, 0xff]), 'utf-8', 'surrogateescape');
    expect(encode(escaped, 'utf-8', 'surrogateescape')).to.deep.equal(Buffer.from([0x61, 0xff]));
  });

  for (const encoding of ['gbk', 'gb18030', 'big5', 'euc-jp', 'euc-kr', 'shift_jis']) {
    it(`know a bad byte: ${encoding}`, () => {
      expect(decode(Buffer.from([0xff, 0x61, 0xff, 0, 0xff]), encoding, 'replace')).to.equal(
        '\ufffda\ufffd\0\ufffd',
      );
      expect(decode(Buffer.from([0x61, 0xff]), encoding, 'ignore')).to.equal('a');
      expect(() => decode(Buffer.from([0xff]), encoding)).to.throw(UnicodeDecodeError);
      // Half a character, at the end and before a zero. (In shift_jis it is a whole one.)
      if (encoding === 'shift_jis') return;
      expect(decode(Buffer.from([0xff, 0xb0, 0, 0xb0]), encoding, 'replace')).to.equal(
        '\ufffd\ufffd\0\ufffd',
      );
    });
  }

  it('refuse an encoding or a handler that is not there', () => {
    expect(() => encode('a', 'no-such')).to.throw(LookupError, 'unknown encoding: no-such');
    expect(() => decode(Buffer.from([0xff]), 'utf-8', 'no-such')).to.throw(
      LookupError,
      "unknown error handler name 'no-such'",
    );
  });

  it('have no memory of the names that clients invent', () => {
    for (let i = 0; i < 1000; i++) expect(() => decode(Buffer.from('a'), `x${i}`)).to.throw(LookupError);
    for (let i = 0; i < 200; i++) expect(decode(Buffer.from('a'), `utf${'-'.repeat(i)}8`)).to.equal('a');
  });
});
