/**
 * io, json and cgi, as the Python of this machine has them, on values and bodies that nobody would write.
 *
 * Left out is what differs between versions of Python: `allow_nan`, and the message about a comma at the end.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { RequestError } from '../../lib/errors.js';
import { type Field, FieldStorage, type FieldStorageOptions, parse_header } from '../../lib/stdlib/cgi.js';
import { BytesIO, StringIO } from '../../lib/stdlib/io.js';
import { type DumpsOptions, dumps, loads } from '../../lib/stdlib/json.js';
import { PythonProgram, requirePython } from '../support/python.js';

describe('wsgi/stdlib and CPython', () => {
  let python: PythonProgram;
  before(function () {
    requirePython(this);
    python = new PythonProgram('stdlib_forms.py');
  });
  after(() => python?.end());

  async function theirs(question: object): Promise<unknown> {
    const { answer } = await python.ask({ question: JSON.stringify(question) });
    return answer;
  }

  it('json.dumps writes the same', async () => {
    const indent = fc.constantFrom(undefined, 0, 2, '\t');
    const options = fc.record(
      { ensure_ascii: fc.boolean(), sort_keys: fc.boolean(), indent },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(VALUE, options, async (value, kw) => {
        expect(ours(() => dumps(value, kw as DumpsOptions))).to.deep.equal(
          await theirs({ ask: 'dumps', value, kw }),
        );
      }),
      { numRuns: 500 },
    );
  }).timeout(60_000);

  it('json.loads reads the same, or refuses it in the same place', async () => {
    const spoilt = fc.tuple(VALUE, fc.nat(), fc.constantFrom('', ...TOKENS)).map(([value, at, token]) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      return text.slice(0, place) + token + text.slice(place + (at % 3));
    });
    const text = fc.oneof(
      spoilt,
      fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }).map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const found = ours(() => loads(given));
        if (JSON.stringify(found).includes('Illegal trailing comma')) return;
        expect(inOrder(found)).to.deep.equal(inOrder(await theirs({ ask: 'loads', text: given })));
      }),
      { numRuns: 1500 },
    );
  }).timeout(60_000);

  it('json.loads takes the same bytes', async () => {
    const piece = fc.constantFrom(...BYTES);
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const text = pieces.join('');
        const found = ours(() => loads(Buffer.from(text, 'latin1')));
        const expected = await theirs({ ask: 'loads', text, bytes: true });
        // The messages of codecs are their own.
        expect(kindOf(found)).to.deep.equal(kindOf(expected));
      }),
      { numRuns: 1000 },
    );
  }).timeout(60_000);

  for (const fn of ['BytesIO', 'StringIO'] as const) {
    it(`${fn} does the same`, async () => {
      const text = fc.array(
        fc.constantFrom('a', '\n', '\r', '\r\n', 'é', fn === 'StringIO' ? '\u{1f600}' : 'z'),
        { maxLength: 8 },
      );
      const init = text.map((all) => all.join(''));
      const size = fc.constantFrom(null, -1, 0, 1, 2, 5, 100);
      const step = fc.oneof(
        fc.tuple(fc.constantFrom('read', 'readline', 'readlines', 'truncate'), size),
        fc.tuple(fc.constantFrom('tell', 'getvalue', 'iter', 'next')),
        fc.tuple(fc.constant('seek'), fc.integer({ min: -3, max: 12 }), fc.constantFrom(0, 0, 1, 2, 3)),
        fc.tuple(fc.constant('write'), init),
        fc.tuple(fc.constantFrom('close', 'read')),
      );
      const newline = fc.constantFrom('\n', '', '\r', '\r\n', null);
      await fc.assert(
        fc.asyncProperty(init, newline, fc.array(step, { maxLength: 12 }), async (start, ending, steps) => {
          const stream =
            fn === 'BytesIO' ? new BytesIO(Buffer.from(start, 'latin1')) : new StringIO(start, ending);
          const found = steps.map((one) => kindOf(ours(() => perform(stream, one))));
          const expected = (await theirs({
            ask: 'stream',
            fn,
            init: start,
            newline: ending,
            steps,
          })) as unknown[];
          expect(found).to.deep.equal(expected.map(kindOf));
        }),
        { numRuns: 1000 },
      );
    }).timeout(60_000);
  }

  describe('cgi', () => {
    before(async function () {
      if (!(await theirs({ ask: 'has_cgi' }))) this.skip();
    });

    it('parse_header does the same', async () => {
      const piece = fc.constantFrom(...'ab=;"\\ \té\u{1c}\u{feff}'.split(''), '\\"', '; b="', '";');
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
          const line = pieces.join('');
          expect(ours(() => parse_header(line))).to.deep.equal(await theirs({ ask: 'parse_header', line }));
        }),
        { numRuns: 1500 },
      );
    }).timeout(60_000);

    async function agrees(
      body: Buffer,
      environ: Record<string, string>,
      kw: FieldStorageOptions,
    ): Promise<void> {
      const found = ours(() => record(new FieldStorage({ fp: new BytesIO(body), environ, ...kw })));
      // Ours alone: a limit.
      fc.pre(!JSON.stringify(found).includes(RequestError.name));
      const expected = await theirs({ ask: 'form', body: body.toString('base64'), environ, kw });
      expect(kindOf(found), JSON.stringify([body.toString(), environ, kw])).to.deep.equal(kindOf(expected));
    }

    it('FieldStorage reads urlencoded forms the same', async () => {
      const piece = fc.constantFrom(
        ...'&=+%;aA4 \r\n'.split(''),
        '%41',
        '%C3%A9',
        'é',
        '%2',
        '%zz',
        '%26',
        '%E9',
      );
      const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));
      const kw = fc.record(
        {
          keep_blank_values: fc.boolean(),
          strict_parsing: fc.boolean(),
          max_num_fields: fc.constantFrom(1, 3, 10),
          separator: fc.constantFrom('&', ';', '=a'),
          encoding: fc.constantFrom('utf-8', 'latin-1'),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(text, text, METHOD, LENGTH, kw, (body, query, method, length, options) => {
          const environ = environOf(method, query, 'application/x-www-form-urlencoded', length, body.length);
          return agrees(Buffer.from(body), environ, options);
        }),
        { numRuns: 1500 },
      );
    }).timeout(60_000);

    it('FieldStorage reads multipart forms the same', async () => {
      const body = fc.oneof(
        {
          weight: 2,
          arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join('')),
        },
        {
          weight: 3,
          arbitrary: fc.array(PART, { maxLength: 4 }).map((parts) => `${parts.join('')}--XX--\r\n`),
        },
      );
      const kw = fc.record(
        { max_num_fields: fc.constantFrom(1, 3), keep_blank_values: fc.boolean() },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(body, METHOD, LENGTH, kw, (text, method, length, options) => {
          const environ = environOf(method, 'q=1', 'multipart/form-data; boundary=XX', length, text.length);
          return agrees(Buffer.from(text), environ, options);
        }),
        { numRuns: 3000 },
      );
    }).timeout(120_000);
  });
});

/** Whole numbers that are ints in both languages, and floats that are in both. */
const NUMBER = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Number.isInteger(number)),
);
const TEXT = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', '\ufffe\u{1f600}', '\x7f"\\/\b\u2028', '__proto__', '10', '9'),
);
const VALUE = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    NUMBER,
    TEXT,
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(TEXT, tie('value'), { maxKeys: 4, noNullPrototype: false }),
  ),
})).value;

/** Of which almost JSON is made. */
const TOKENS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '\\',
    'a',
    '\\u00e9',
    '\\ud83d\\ude00',
    '\\u12',
    ' ',
    '\n',
    '\t',
    '\x01',
  ],
  ...[
    '1',
    '0',
    '-',
    '-0',
    '.5',
    '1.0',
    'e5',
    'E-7',
    '1e400',
    '9007199254740993',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  ...['true', 'null', 'fals', '\u{1f600}', 'é', '\ufeff', '"a"', '"a":', '{"2": 1, "a": {}}', '[[]]'],
];
const BYTES = [
  ...['"', '1', '[', ']', '\x00', '\x00\x00\x00', '\xef\xbb\xbf', '\xff\xfe', '\xfe\xff', '\x00\x00\xfe\xff'],
  ...[
    '\xc3\xa9',
    '\xed\xa0\x80',
    '\xed\xa0',
    '\xe9',
    '1\x00',
    '\x001',
    '"\x00a\x00"\x00',
    '\xf0\x9f\x98\x80',
  ],
];

const PIECES = [
  ...[
    '--XX',
    '--XX--',
    '\r\n',
    '\r\n',
    '\n',
    '\r',
    '--',
    '--YY',
    '--YY--',
    '\r\n--XX\r\n',
    '\n--XX\n',
    ' ',
    '\t',
    ':',
  ],
  ...['Content-Disposition: form-data; name="a"', 'content-disposition: x; name=b; filename="f"', 'é', 'x'],
  ...[
    'Content-Type: text/plain; charset=x',
    'Content-Type: multipart/mixed; boundary=YY',
    'Content-Length: 1',
  ],
  ...['Content-Type: application/x-www-form-urlencoded', 'a=1&b', '\r\n\r\n', '\r\n\r\n', 'From x'],
];
const HEADERS = [
  ...PIECES.filter((piece) => /^[A-Za-z-]+: /.test(piece)),
  ...[
    'Content-Disposition: form-data; name="b;c"; filename=""',
    'Content-Disposition: form-data;\r\n name="folded"',
  ],
  ...[
    'From x',
    'no header',
    ' ; filename=g',
    ': nameless',
    'X-Y:',
    'Content-Type: ',
    'Content-Type : text/x',
    'é: x',
    'a\rb: c',
  ],
];
const PART = fc
  .tuple(
    fc.constantFrom('\r\n', '\r\n', '\n'),
    fc.shuffledSubarray(HEADERS, { maxLength: 4 }),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 5 }),
  )
  .map(
    ([end, headers, content]) =>
      `--XX${end}${headers.map((header) => header + end).join('')}${end}${content.join('')}${end}`,
  );

const METHOD = fc.constantFrom('POST', 'POST', 'POST', 'PUT', 'get');
/** More or less than there are. */
const LENGTH = fc.constantFrom(undefined, 0, 0, 0, -5, -20, -1000, 7);

function environOf(
  method: string,
  query: string,
  type: string,
  more: number | undefined,
  length: number,
): Record<string, string> {
  const environ = { REQUEST_METHOD: method, QUERY_STRING: query, CONTENT_TYPE: type };
  return more === undefined ? environ : { ...environ, CONTENT_LENGTH: String(Math.max(0, length + more)) };
}

type Method = (...given: unknown[]) => unknown;

function perform(stream: BytesIO | StringIO, [name, ...given]: readonly unknown[]): unknown {
  if (name === 'iter') return [...stream];
  if (name === 'next') {
    const { done, value } = stream.next();
    if (done) throw Object.assign(new Error(), { name: 'StopIteration' });
    return value;
  }
  const bytes = (one: unknown) => (typeof one === 'string' ? Buffer.from(one, 'latin1') : one);
  const args = stream instanceof BytesIO ? given.map(bytes) : given;
  return (stream as unknown as Record<string, Method>)[name as string]?.(...args);
}

function record({ name, filename, type, disposition, value, list }: Field): unknown {
  const of = { name, filename, type, disposition };
  return { ...of, value: list === null ? value : list.map(record) };
}

/** As stdlib_forms.py has it. */
function ours(call: () => unknown): unknown {
  try {
    return tagged(call());
  } catch (error) {
    return ['error', (error as Error).name, (error as Error).message];
  }
}

function tagged(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return ['int', String(value)];
  if (typeof value === 'number') {
    return [Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int' : 'float', value];
  }
  if (value instanceof Uint8Array) return ['bytes', Buffer.from(value).toString('latin1')];
  if (Array.isArray(value)) return ['list', value.map(tagged)];
  if (typeof value === 'object') return ['dict', Object.entries(value).map((entry) => entry.map(tagged))];
  return value;
}

/** JavaScript has no 1.0, and its own order of keys. */
function inOrder(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [type, inner] = value as [string, unknown];
  if (type === 'float' || (type === 'int' && Number.isSafeInteger(Number(inner))))
    return ['number', numberOf(inner)];
  if (type === 'list') return [type, (inner as unknown[]).map(inOrder)];
  if (type !== 'dict') return value;
  const entries = (inner as [string, unknown][]).map(([name, one]) => [name, inOrder(one)] as const);
  return [type, entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))];
}

function numberOf(inner: unknown): string {
  const named = new Map([
    ['inf', Number.POSITIVE_INFINITY],
    ['-inf', Number.NEGATIVE_INFINITY],
    ['nan', Number.NaN],
  ]);
  const number = named.get(String(inner)) ?? Number(inner);
  return Object.is(number, -0) ? '-0' : String(number);
}

/** Without messages, which are ours where Python's name its own insides. */
function kindOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const [type, inner] = value as [string, unknown];
  if (type === 'error') return [type, inner];
  if (type === 'list') return [type, (inner as unknown[]).map(kindOf)];
  if (type === 'dict')
    return [type, (inner as [unknown, unknown][]).map(([name, one]) => [name, kindOf(one)])];
  return inOrder(value);
}
