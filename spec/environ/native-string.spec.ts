/** lib/environ/native-string.ts: PEP 3333 "A Note On String Types". */
import { expect } from 'chai';
import {
  bytesToNative,
  isNative,
  nativeToBytes,
  nativeToText,
  quoteNative,
  textToNative,
  unquoteToNative,
} from '../../lib/environ/native-string.js';

const ALL = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

describe('native strings', () => {
  it('hold one byte per character, and give each back', () => {
    const native = bytesToNative(ALL);
    expect(native).to.have.length(256);
    for (let i = 0; i < 256; i++) expect(native.charCodeAt(i)).to.equal(i);
    expect(nativeToBytes(native)).to.deep.equal(ALL);
  });

  it('are made of the bytes that a view shows, not of those around it', () => {
    expect(bytesToNative(new Uint8Array(ALL.buffer, ALL.byteOffset + 97, 3))).to.equal('abc');
  });

  it('carry text as UTF-8', () => {
    expect(textToNative('/café')).to.equal('/cafÃ©');
    expect(nativeToText('/cafÃ©')).to.equal('/café');
    expect(textToNative('/あ')).to.equal('/\xe3\x81\x82');
    expect(nativeToText(textToNative('/あ😀'))).to.equal('/あ😀');
    expect(nativeToText('/plain')).to.equal('/plain');
    expect(textToNative('/plain')).to.equal('/plain');
  });

  it('keep a byte order mark, and show bytes that are no UTF-8 as U+FFFD', () => {
    expect(nativeToText('\xef\xbb\xbfa')).to.equal('\ufeffa');
    expect(nativeToText('a\xe9b')).to.equal('a\ufffdb');
  });

  it('know what is none', () => {
    expect(isNative('caf\xe9')).to.equal(true);
    expect(isNative('')).to.equal(true);
    expect(isNative('\u0100')).to.equal(false);
    expect(() => nativeToBytes('あ')).to.throw(RangeError, 'Not a native string');
    expect(() => nativeToText('あ')).to.throw(RangeError, 'Not a native string');
  });

  describe('unquoteToNative', () => {
    for (const [quoted, expected] of [
      ['/p%61th', '/path'],
      ['%2c', ','],
      ['%2C', ','],
      ['%252c', '%2c'],
      ['%E3%81%82', '\xe3\x81\x82'],
      ['%2F', '/'],
      ['%00', '\0'],
      ['%zz', '%zz'],
      ['%4', '%4'],
      ['%', '%'],
      ['%%41', '%A'],
      ['%4%41', '%4A'],
      ['a+b', 'a+b'],
      ['\xe9', '\xe9'],
    ] as const) {
      it(`makes ${JSON.stringify(quoted)} ${JSON.stringify(expected)}`, () => {
        expect(unquoteToNative(quoted)).to.equal(expected);
      });
    }

    it('decodes every byte', () => {
      const quoted = Array.from(ALL, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      expect(unquoteToNative(quoted)).to.equal(bytesToNative(ALL));
    });
  });

  describe('quoteNative', () => {
    it('percent-encodes the bytes that it is told, and can be undone', () => {
      expect(quoteNative('/caf\xc3\xa9 %', /[^a-z/]/g)).to.equal('/caf%C3%A9%20%25');
      expect(quoteNative('\0\n', /[^a-z]/g)).to.equal('%00%0A');
      expect(unquoteToNative(quoteNative(bytesToNative(ALL), /[^a-z]/g))).to.equal(bytesToNative(ALL));
    });

    it('refuses what is not a native string', () => {
      expect(() => quoteNative('\u0100', /[^a-z]/g)).to.throw(RangeError);
    });
  });
});
