/**
 * urllib.parse and the CPython that is installed, on generated text.
 *
 * Left out is what older versions do in another way (`older` in the vectors): URLs taken apart and joined, queries of bytes.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import * as parse from '../../lib/stdlib/urllib/parse.js';
import { PythonProgram, requirePython } from '../support/python.js';

type Callable = (...args: unknown[]) => unknown;
const OURS = parse as unknown as Readonly<Record<string, Callable>>;

/** Text that has what is special somewhere, well-formed or not. */
const text = fc
  .array(
    fc.constantFrom(
      ...'&=+%;:/?#@aA4~ \n\0"\'\\[]'.split(''),
      ...['%41', '%C3%A9', '%e9', '%E6%97', '%F0%9F%98%80', '%ED%A0%80', '%2', '%zz', '%26', '%3D'],
      ...['é', '\xff', '日', '😀', '\ud800', '\udce9', '\ufeff', '\u2028', '__proto__', 'get'],
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
const safe = fc.option(fc.constantFrom('', '/', '/ %', '~', 'é', ':+&='), { nil: undefined });
const encoding = fc.option(fc.constantFrom('utf-8', 'latin-1', 'ascii', 'cp1252', 'koi8-r'), {
  nil: undefined,
});
const toEncode = fc.constantFrom(
  'strict',
  'replace',
  'ignore',
  'backslashreplace',
  'xmlcharrefreplace',
  'surrogateescape',
);
const toDecode = fc.constantFrom(
  'strict',
  'replace',
  'ignore',
  'backslashreplace',
  'surrogateescape',
  'surrogatepass',
);
const optional = (errors: fc.Arbitrary<string>) => fc.option(errors, { nil: undefined });
const truth = fc.option(fc.boolean(), { nil: undefined });

const quoting = fc.record({ safe, encoding, errors: optional(toEncode) });
const unquoting = fc.record({ encoding, errors: optional(toDecode) });
const parsing = fc.record({
  keep_blank_values: truth,
  strict_parsing: truth,
  encoding,
  errors: optional(toDecode),
  max_num_fields: fc.option(fc.nat(5), { nil: undefined }),
  separator: fc.option(fc.constantFrom('&', ';', '&&', '='), { nil: undefined }),
});
const value = fc.oneof(
  text,
  bytes,
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(1.5),
  fc.constant(1e-7),
);
const query = fc.array(fc.tuple(fc.oneof(text, bytes), fc.oneof(value, fc.array(value, { maxLength: 3 }))), {
  maxLength: 4,
});

/** What is asked of each function: its arguments by position, and those by name. */
const QUESTIONS: Readonly<Record<string, fc.Arbitrary<[unknown[], object]>>> = {
  quote: fc.tuple(fc.tuple(text), quoting),
  quote_plus: fc.tuple(fc.tuple(text), quoting),
  quote_from_bytes: fc.tuple(fc.tuple(bytes), fc.record({ safe })),
  unquote: fc.tuple(fc.tuple(fc.oneof(text, bytes)), unquoting),
  unquote_plus: fc.tuple(fc.tuple(text), unquoting),
  unquote_to_bytes: fc.tuple(fc.tuple(fc.oneof(text, bytes)), fc.constant({})),
  urlencode: fc.tuple(
    fc.tuple(query),
    fc.record({ doseq: truth, safe, encoding, errors: optional(toEncode) }),
  ),
  parse_qsl: fc.tuple(fc.tuple(text), parsing),
  urldefrag: fc.tuple(
    fc.tuple(text.filter((url) => !/[[\]]/.test(url) && !/^[^?#]*\/\//.test(url))),
    fc.constant({}),
  ),
};

describe('urllib.parse and the Python that is installed', () => {
  let python: PythonProgram;
  before(function () {
    requirePython(this);
    python = new PythonProgram('urls.py');
  });
  after(() => python?.end());

  for (const [fn, arguments_] of Object.entries(QUESTIONS)) {
    it(`agree about ${fn}`, async () => {
      await fc.assert(
        fc.asyncProperty(arguments_, async ([args, given]) => {
          const kw = Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined));
          const asked = { fn, args: JSON.stringify(args, shown), kw: JSON.stringify(kw) };
          const { answer, error } = await python.ask<unknown>(asked);
          expect(ours(fn, args, kw)).to.equal(error ?? JSON.stringify(answer));
        }),
        { numRuns: 500 },
      );
    }).timeout(120_000);
  }
});

/** The result as JSON, or the error as text. */
function ours(fn: string, args: unknown[], kw: object): string {
  try {
    return JSON.stringify((OURS[fn] as Callable)(...args, kw), shown);
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

/** Bytes as the vectors write them. They come here as what `Buffer.toJSON` made of them. */
function shown(_key: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { type?: string; data?: number[] };
  return type === 'Buffer' && Array.isArray(data) ? { b64: Buffer.from(data).toString('base64') } : value;
}
