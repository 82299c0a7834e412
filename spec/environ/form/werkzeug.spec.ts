/**
 * Forms, as werkzeug's parser and Python's codecs have them, on bodies that nobody would write: the same fields and the
 * same files, or an error of ours, wherever the body is cut.
 *
 * Where ours are different on purpose (PORTING.md, "Forms"), both are made alike first, or no such body is made.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { decoderOf } from '../../../lib/environ/form/charset.js';
import { RequestError } from '../../../lib/errors.js';
import { PythonProgram, requirePython } from '../../support/python.js';
import { split } from '../bodies.js';
import { disposition, type MultipartBody, multipartBody } from './generated-multipart.js';
import { type FormParts, outcome, takeContent } from './outcome.js';
import { BLOCKING, ON_EVENT_LOOP, READERS } from './readers.js';

const URLENCODED = 'application/x-www-form-urlencoded';

describe('parseForm and werkzeug', () => {
  let python: PythonProgram;
  before(function () {
    requirePython(this);
    python = new PythonProgram('forms.py');
  });
  after(() => python?.end());

  async function theirs(body: Buffer, type: string): Promise<FormParts | Error> {
    const { answer, error } = await python.ask<FormParts>({
      ask: 'form',
      type,
      body: body.toString('base64'),
    });
    return answer === undefined ? new Error(error) : alike(answer);
  }

  const ours = async (pieces: Buffer[], type: string, reader = BLOCKING): Promise<FormParts | Error> => {
    const found = await outcome(reader.read({ pieces, short: true }, { onFile: takeContent }, type));
    return found instanceof Error ? found : alike(found);
  };

  /** The same in both modes, whole and cut at every position. */
  async function everywhere(body: Buffer, type: string): Promise<FormParts | Error> {
    const whole = await ours([body], type);
    const text = plain(whole);
    const single = split(body, 1, () => 0);
    for (const reader of READERS) expect(plain(await ours(single, type, reader))).to.equal(text);
    expect(plain(await ours([body], type, ON_EVENT_LOOP))).to.equal(text);
    for (let cut = 1; cut < body.length; cut++) {
      const pieces = [body.subarray(0, cut), body.subarray(cut)];
      const other = plain(await ours(pieces, type));
      if (other !== text) expect(other, `cut at ${cut}`).to.equal(text);
    }
    return whole;
  }

  async function agrees({ body, type }: MultipartBody): Promise<'same' | 'refused'> {
    const found = await everywhere(body, type);
    if (found instanceof Error) {
      expect(found).to.be.instanceOf(RequestError).and.to.have.property('status', 400);
      return 'refused';
    }
    expect(found).to.deep.equal(await theirs(body, type));
    return 'same';
  }

  it('agree about every form that is well-formed', async () => {
    await fc.assert(
      fc.asyncProperty(multipartBody('well-formed'), async (generated) => {
        expect(await agrees(generated)).to.equal('same');
      }),
      { numRuns: 60 },
    );
  }).timeout(120_000);

  it('agree about every other form, or it is refused', async () => {
    const counts = { same: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(multipartBody('any'), async (generated) => {
        counts[await agrees(generated)]++;
      }),
      { numRuns: 150 },
    );
    // Neither is a case that is never tried.
    expect(counts.same).to.be.above(10);
    expect(counts.refused).to.be.above(10);
  }).timeout(240_000);

  it('agree about Content-Disposition, or it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(disposition('any'), async (header) => {
        const body = `--foo\r\nContent-Disposition: ${header}\r\n\r\nx\r\n--foo--`;
        await agrees({ body: Buffer.from(body), type: 'multipart/form-data; boundary=foo' });
      }),
      { numRuns: 150 },
    );
  }).timeout(240_000);

  it('agree about urlencoded forms', async () => {
    const piece = fc.constantFrom(
      ...'&=+%;aA4 \r\n'.split(''),
      '%41',
      '%C3%A9',
      'é',
      '%2',
      '%zz',
      '%26',
      '%3D',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const body = Buffer.from(pieces.join(''));
        const found = await everywhere(body, URLENCODED);
        // werkzeug leaves an escape that is not UTF-8 as it is, the standard has U+FFFD.
        fc.pre(!JSON.stringify(found).includes('\ufffd'));
        expect(found).to.deep.equal(await theirs(body, URLENCODED));
      }),
      { numRuns: 150 },
    );
  }).timeout(120_000);

  it('read a charset by each name that Python has for it', async () => {
    const { answer: names = {} } = await python.ask<Record<string, string[]>>({ ask: 'names' });
    const known: string[] = [];
    const different: unknown[] = [];
    for (const [codec, aliases] of Object.entries({ ...names, utf_8_sig: ['utf-8-sig', 'UTF_8_SIG'] })) {
      const decoders = aliases.map((name) => [name, decoderOf(name)] as const);
      if (decoders.some(([, decode]) => decode !== undefined)) known.push(codec);
      for (const text of ['Az09 ~', ...(SCRIPTS[codec] ?? OTHERS)]) {
        const sent = await python.ask<string>({ ask: 'encode', name: codec, text });
        if (sent.answer === undefined) continue;
        for (const [name, decode] of decoders) {
          const bytes = Buffer.from(sent.answer, 'base64');
          const read = decode?.(bytes);
          if (read !== (known.includes(codec) ? text : undefined)) different.push([codec, name, text, read]);
        }
      }
    }
    expect(different).to.deep.equal([]);
    expect(known).to.include.members(KNOWN);
  }).timeout(60_000);
});

/** What is compared of a codec that has more than Node's decoder of that name, or has it elsewhere. */
const SCRIPTS: Readonly<Record<string, string>> = {
  ...{
    big5: '漢字',
    big5hkscs: '漢字',
    cp950: '漢字€',
    gb2312: '汉字',
    gbk: '汉字',
    euc_kr: '한글漢',
    cp949: '한글漢',
  },
  ...{ shift_jis: 'あ漢ж', cp932: 'あ漢ж', euc_jp: 'あ漢ж', iso2022_jp: 'あ漢ж' },
};
/** Letters of each script, for those that have them. */
const OTHERS = 'éßżжλשعก€Œ漢';

/** Codecs that a form may name. iso8859_16 depends on the version of Node. */
const KNOWN = [
  ...[
    'ascii',
    'big5',
    'big5hkscs',
    'cp1250',
    'cp1251',
    'cp1252',
    'cp1253',
    'cp1254',
    'cp1255',
    'cp1256',
    'cp1257',
  ],
  ...[
    'cp1258',
    'cp866',
    'cp932',
    'cp949',
    'cp950',
    'euc_jp',
    'euc_kr',
    'gb18030',
    'gb2312',
    'gbk',
    'iso2022_jp',
  ],
  ...[
    'iso8859_10',
    'iso8859_11',
    'iso8859_13',
    'iso8859_14',
    'iso8859_15',
    'iso8859_2',
    'iso8859_3',
    'iso8859_4',
  ],
  ...['iso8859_5', 'iso8859_6', 'iso8859_7', 'iso8859_8', 'iso8859_9', 'koi8_r', 'latin_1', 'mac_cyrillic'],
  ...['mac_roman', 'shift_jis', 'tis_620', 'utf_16', 'utf_16_be', 'utf_16_le', 'utf_8', 'utf_8_sig'],
];

/** Where PORTING.md says that they differ. */
function alike({ fields, files }: FormParts): FormParts {
  return {
    // werkzeug makes a quotation mark of what browsers send for one.
    fields: fields.map(([name, value]) => [unquoted(name), value]),
    files: files
      .map(([name, filename, type, content]): FormParts['files'][number] => [
        unquoted(name),
        // Without a path, as RFC 7578 section 4.2 says.
        unquoted(filename)
          .replace(/^.*[/\\]/s, '')
          .replace(/^\.{1,2}$/, ''),
        // RFC 7578 section 4.4.
        type || 'text/plain',
        content,
      ])
      // A file input that was left empty.
      .filter(([, filename, , content]) => filename !== '' || content !== ''),
  };
}

const unquoted = (text: string) => text.replaceAll('%22', '"');

/** For a comparison that says what is different. */
function plain(found: FormParts | Error): string {
  return found instanceof Error ? found.message : JSON.stringify(found);
}
