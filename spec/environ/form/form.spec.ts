/** lib/environ/form/form.ts, with urlencoded.ts, values.ts and options.ts. */
import { expect } from 'chai';
import type { BlockingForm } from '../../../lib/environ/form/form.js';
import { type Form, parseForm } from '../../../lib/environ/form/form.js';
import { FORM_LIMITS } from '../../../lib/environ/form/options.js';
import { FormValues } from '../../../lib/environ/form/values.js';
import type { BodyInput } from '../../../lib/environ/input/input.js';
import { ClientDisconnected, ConfigError, ContentTooLarge, RequestError } from '../../../lib/errors.js';
import { random, rejection, split } from '../bodies.js';
import { type EitherOptions, READERS } from './readers.js';

const URLENCODED = 'application/x-www-form-urlencoded';

for (const reader of READERS)
  describe(`parseForm, ${reader.name},`, () => {
    function parse(
      body: string,
      options: EitherOptions = {},
      type = URLENCODED,
    ): Promise<Form | BlockingForm> {
      return reader.read({ pieces: [body] }, options, type);
    }

    async function fields(body: string, type?: string): Promise<[string, string][]> {
      return [...(await parse(body, {}, type)).fields];
    }

    describe('of a body that is no form', () => {
      for (const type of [
        undefined,
        '',
        'text/plain',
        'application/json',
        'multipart/mixed; boundary=x',
        'multipart',
        ';',
      ]) {
        it(`gives an empty form and reads nothing, with CONTENT_TYPE ${JSON.stringify(type)}`, async () => {
          let pulled = false;
          function* pieces() {
            pulled = true;
            yield 'a=b';
          }
          const form = await reader.read({ pieces: pieces() }, {}, type);
          expect(form.fields.size + form.files.size).to.equal(0);
          expect(pulled).to.equal(false);
          await form.close();
        });
      }
    });

    describe('of application/x-www-form-urlencoded', () => {
      for (const [body, expected] of [
        ['', []],
        ['a=b', [['a', 'b']]],
        [
          'a=b&c=d&a=e',
          [
            ['a', 'b'],
            ['c', 'd'],
            ['a', 'e'],
          ],
        ],
        [
          'a=&b&=c&=',
          [
            ['a', ''],
            ['b', ''],
            ['', 'c'],
            ['', ''],
          ],
        ],
        ['&&a=b&&', [['a', 'b']]],
        ['a+b=c+d%2B%20', [['a b', 'c d+ ']]],
        ['a=b=c', [['a', 'b=c']]],
        ['a=b;c=d', [['a', 'b;c=d']]],
        ['caf%C3%A9=%E3%81%82', [['café', 'あ']]],
        // Not percent-encoded.
        ['caf\xc3\xa9=\xe3\x81\x82', [['café', 'あ']]],
        [
          'a=%zz%4&b=%',
          [
            ['a', '%zz%4'],
            ['b', '%'],
          ],
        ],
        ['a=%E9', [['a', '\ufffd']]],
        ['a=%00%0D%0A', [['a', '\0\r\n']]],
        [
          '__proto__=x&constructor=y&__proto__=z',
          [
            ['__proto__', 'x'],
            ['constructor', 'y'],
            ['__proto__', 'z'],
          ],
        ],
      ] as [string, [string, string][]][]) {
        it(`reads ${JSON.stringify(body)}`, async () => {
          expect(await fields(body)).to.deep.equal(expected);
        });
      }

      it('takes the type in any case, with parameters', async () => {
        expect(await fields('a=b', ' Application/X-WWW-Form-Urlencoded ; charset=UTF-8')).to.deep.equal([
          ['a', 'b'],
        ]);
      });

      it('reads the charset that the type names', async () => {
        expect(await fields('a=%E9\xe9', `${URLENCODED}; charset=iso-8859-1`)).to.deep.equal([['a', 'éé']]);
        expect(await fields('a=%82%A0', `${URLENCODED}; charset="Shift_JIS"`)).to.deep.equal([['a', 'あ']]);
      });

      it('refuses a charset that nobody knows with 415', async () => {
        const error = await rejection(fields('a=b', `${URLENCODED}; charset=klingon`));
        expect(error).to.be.instanceOf(RequestError).and.to.have.property('status', 415);
        expect(error.message).to.include('"klingon"');
      });

      it('reads the same however the body is cut', async () => {
        const body = Buffer.from('caf%C3%A9=a+b%20c&x=%zz&&y&z=%E3%81%82%E3&w=1=2&', 'latin1');
        const whole = await fields(body.toString('latin1'));
        for (let seed = 1; seed <= 50; seed++) {
          const pieces = split(body, 7, random(seed));
          const form = await reader.read({ pieces, short: true }, {}, URLENCODED);
          expect([...form.fields]).to.deep.equal(whole);
        }
      });

      it('rejects as wsgi.input does when the body is cut short', async () => {
        const gone = new ClientDisconnected();
        const cut = { pieces: ['a=b&c'], error: gone };
        expect(await rejection(reader.read(cut, {}, URLENCODED))).to.equal(gone);
      });
    });

    describe('limits', () => {
      async function tooLarge(body: string, options: EitherOptions): Promise<string> {
        const error = await rejection(parse(body, options));
        expect(error).to.be.instanceOf(ContentTooLarge).and.to.have.property('status', 413);
        return error.message;
      }

      it('let through what is as large as they are, and refuse one more, by name', async () => {
        expect((await parse('a=1&b=2', { maxFields: 2 })).fields.size).to.equal(2);
        expect((await parse('&a=1&&b=2&', { maxFields: 2 })).fields.size).to.equal(2);
        expect(await tooLarge('a=1&b=2&c=3', { maxFields: 2 })).to.equal(
          'The form has more fields than maxFields allows (2)',
        );

        expect((await parse('a=12345', { maxFieldSize: 5 })).fields.get('a')).to.equal('12345');
        expect((await parse('a=%31%32345', { maxFieldSize: 5 })).fields.get('a')).to.equal('12345');
        expect(await tooLarge('a=123456', { maxFieldSize: 5 })).to.equal(
          "The field 'a' is longer than maxFieldSize allows (5 bytes)",
        );

        expect((await parse('abc=1', { maxFieldNameSize: 3 })).fields.has('abc')).to.equal(true);
        expect(await tooLarge('abcd=1', { maxFieldNameSize: 3 })).to.equal(
          'The name of a field is longer than maxFieldNameSize allows (3 bytes)',
        );

        expect((await parse('ab=cd&e=f', { maxTotalFieldSize: 6 })).fields.size).to.equal(2);
        expect(await tooLarge('ab=cd&e=fg', { maxTotalFieldSize: 6 })).to.equal(
          'What the fields of the form hold together is longer than maxTotalFieldSize allows (6 bytes)',
        );
      });

      it('count bytes', async () => {
        expect(await tooLarge('a=%C3%A9', { maxFieldSize: 1 })).to.include('maxFieldSize');
      });

      it('may be 0', async () => {
        expect((await parse('a=', { maxFieldSize: 0 })).fields.get('a')).to.equal('');
        expect(await tooLarge('a', { maxFields: 0 })).to.include('maxFields allows (0)');
      });

      it('end the reading of a field that does not end', async () => {
        for (const start of ['a=', '']) {
          let read = 0;
          function* endless() {
            for (; read < 100_000_000; read += 65_536) {
              yield Buffer.alloc(65_536, read === 0 && start !== '' ? 'a=' : 'x');
            }
            throw new Error('read too far');
          }
          const error = await rejection(reader.read({ pieces: endless() }, {}, URLENCODED));
          expect(error).to.be.instanceOf(ContentTooLarge);
          expect(error.message.length).to.be.below(200);
          expect(read).to.be.below(2_000_000);
        }
      });

      it('have defaults', async () => {
        expect(FORM_LIMITS).to.deep.equal({
          maxParts: 1000,
          maxFields: 1000,
          maxFieldNameSize: 1024,
          maxFieldSize: 500_000,
          maxTotalFieldSize: 2_500_000,
          maxFileSize: Number.POSITIVE_INFINITY,
        });
        expect((await parse('a&'.repeat(1000))).fields.size).to.equal(1000);
        expect(await tooLarge('a&'.repeat(1001), {})).to.include('maxFields allows (1000)');
      });

      it('are the default where they are undefined', async () => {
        const options = { maxFields: undefined, onFile: undefined, uploadDir: undefined };
        expect((await parse('a=b', options)).fields.size).to.equal(1);
      });

      it('refuse a name that would be ignored', async () => {
        const error = await rejection(parse('a=b', { maxFilesize: 1 } as object));
        expect(error).to.be.instanceOf(ConfigError);
        expect(error.message).to.equal('parseForm has no option maxFilesize (did you mean maxFileSize?)');
      });

      for (const value of [-1, 1.5, Number.NaN, '5', null]) {
        it(`refuse to be ${JSON.stringify(value)} (${value})`, async () => {
          const error = await rejection(parse('a=b', { maxParts: value as number }));
          expect(error).to.be.instanceOf(ConfigError);
          expect(error.message).to.include('maxParts must be a whole number');
        });
      }
    });
  });

describe('parseForm on the event loop', () => {
  it('reads a wsgi.input that does not wait, too', async () => {
    const pieces = [Buffer.from('a='), Buffer.from('b')];
    const blocking = { read: () => pieces.shift() ?? Buffer.alloc(0) } as unknown as BodyInput;
    expect([...(await parseForm({ CONTENT_TYPE: URLENCODED, 'wsgi.input': blocking })).fields]).to.deep.equal(
      [['a', 'b']],
    );
  });
});

describe('FormValues', () => {
  const values = new FormValues<number>();
  values.append('a', 1);
  values.append('b', 2);
  values.append('a', 3);
  values.append('__proto__', 4);

  it('gives the first value, all values, or none of a name', () => {
    expect(values.get('a')).to.equal(1);
    expect(values.getAll('a')).to.deep.equal([1, 3]);
    expect(values.get('c')).to.equal(undefined);
    expect(values.getAll('c')).to.deep.equal([]);
    expect([values.has('a'), values.has('c'), values.has('toString')]).to.deep.equal([true, false, false]);
    expect(values.get('__proto__')).to.equal(4);
    expect(values.size).to.equal(4);
  });

  it('keeps the order of arrival', () => {
    expect([...values.keys()]).to.deep.equal(['a', 'b', '__proto__']);
    expect([...values.values()]).to.deep.equal([1, 2, 3, 4]);
    expect([...values]).to.deep.equal([
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['__proto__', 4],
    ]);
    expect([...values.entries()]).to.deep.equal([...values]);
    expect([...values].map(([name, value]) => `${name}=${value}`).join('&')).to.equal(
      'a=1&b=2&a=3&__proto__=4',
    );
  });

  it('cannot be changed through what it gives', () => {
    values.getAll('a').push(9);
    for (const entry of values) entry[1] = 9;
    expect([...values.values()]).to.deep.equal([1, 2, 3, 4]);
    expect(values.getAll('a')).to.deep.equal([1, 3]);
  });
});
