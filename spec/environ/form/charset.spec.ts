/** lib/environ/form/charset.ts, as forms of both kinds name charsets. */
import { expect } from 'chai';
import { RequestError } from '../../../lib/errors.js';
import { rejection } from '../bodies.js';
import { END, field, TYPE } from './multipart.js';
import { READERS } from './readers.js';

const CASES: [charset: string, bytes: string, text: string][] = [
  ['utf-8', '\xc3\xa9\xff', 'é\ufffd'],
  ['UTF_8', '\xc3\xa9', 'é'],
  ['u8', '\xef\xbb\xbf\xc3\xa9', '\ufeffé'],
  ['utf-8-sig', '\xef\xbb\xbf\xc3\xa9', 'é'],
  // Python's is ISO 8859-1, the Encoding standard's is windows-1252.
  ['latin-1', '\x80\xe9\xff', '\x80éÿ'],
  ['Latin1', '\xe9', 'é'],
  ['L1', '\xe9', 'é'],
  ['iso8859_1', '\x80\xe9', '\x80é'],
  ['iso-8859-1', '\x80\xe9', '\x80é'],
  ['ascii', 'a\xe9', 'a\ufffd'],
  ['us-ascii', 'a', 'a'],
  ['cp1252', '\x80\x9c\xe9\x81', '€œé\x81'],
  ['windows-1252', '\x80\x9c\xe9\x81', '€œé\x81'],
  ['cp1251', '\xe6', 'ж'],
  ['1251', '\xe6', 'ж'],
  ['koi8_r', '\xd6', 'ж'],
  ['KOI8-R', '\xd6', 'ж'],
  ['koi8_u', '\xd6', 'ж'],
  ['iso8859-15', '\xa4', '€'],
  ['latin9', '\xa4', '€'],
  ['iso_8859_2', '\xbf', 'ż'],
  ['latin_2', '\xbf', 'ż'],
  ['sjis', '\x82\xa0', 'あ'],
  ['shift_jis', '\x82\xa0', 'あ'],
  ['cp932', '\x82\xa0', 'あ'],
  ['euc_jp', '\xa4\xa2', 'あ'],
  ['big5', '\xba\x7e', '漢'],
  ['gbk', '\x9d\x68', '漢'],
  ['euc_kr', '\xc7\xd1', '한'],
  ['utf-16', '\xff\xfea\0', 'a'],
  ['utf-16', '\xfe\xff\0a', 'a'],
  ['utf_16_be', '\0a', 'a'],
  ['utf_16_le', 'a\0', 'a'],
  ['mac_roman', '\x8e', 'é'],
];

const quote = (bytes: string) =>
  [...bytes].map((byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

for (const reader of READERS)
  describe(`parseForm, ${reader.name}, of a form`, () => {
    for (const [charset, bytes, text] of CASES) {
      it(`in ${charset} reads ${JSON.stringify(text)}`, async () => {
        const urlencoded = `application/x-www-form-urlencoded; charset=${charset}`;
        const one = await reader.read({ pieces: [`a=${quote(bytes)}`] }, {}, urlencoded);
        // Its name is read in that charset too.
        expect([...one.fields.values()]).to.deep.equal([text]);
        const body = field('a', bytes, `Content-Type: text/plain; charset="${charset}"`) + END;
        const other = await reader.read({ pieces: [body] }, {}, TYPE);
        expect(other.fields.get('a')).to.equal(text);
      });
    }

    for (const charset of ['klingon', 'utf-7', 'cp437', 'base64', 'hex', '__proto__', 'constructor']) {
      it(`in ${charset} is 415`, async () => {
        const urlencoded = `application/x-www-form-urlencoded; charset=${charset}`;
        const body = field('a', '1', `Content-Type: text/plain; charset=${charset}`) + END;
        for (const [text, type] of [
          ['a=1', urlencoded],
          [body, TYPE],
        ] as const) {
          const error = await rejection(reader.read({ pieces: [text] }, {}, type));
          expect(error).to.be.instanceOf(RequestError).and.to.have.property('status', 415);
          expect(error.message).to.include('charset');
        }
      });
    }
  });
