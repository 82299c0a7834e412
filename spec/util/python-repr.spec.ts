/** lib/util/python-repr.ts, against what Python 3.11 prints. */
import { expect } from 'chai';
import { BodyInput } from '../../lib/environ/input/input.js';
import { pythonRepr } from '../../lib/util/demo-app.js';

const CASES: [value: unknown, repr: string][] = [
  ['', "''"],
  ['spam', "'spam'"],
  ["it's", '"it\'s"'],
  ['say "ni"', '\'say "ni"\''],
  ['it\'s "ni"', "'it\\'s \"ni\"'"],
  ['a\\b', "'a\\\\b'"],
  ['\n\r\t\0\x1b\x7f', "'\\n\\r\\t\\x00\\x1b\\x7f'"],
  ['caf\xe9 \xc3', "'caf\xe9 \xc3'"],
  ['\x80\xa0\xad', "'\\x80\\xa0\\xad'"],
  ['\u2028\u200b\u20ac', "'\\u2028\\u200b\u20ac'"],
  ['\u{1f600}\u{e0001}\ud800', "'\u{1f600}\\U000e0001\\ud800'"],
  [true, 'True'],
  [false, 'False'],
  [null, 'None'],
  [undefined, 'None'],
  [80, '80'],
  [-1.5, '-1.5'],
  [10n, '10'],
  [Number.NaN, 'nan'],
  [Number.NEGATIVE_INFINITY, '-inf'],
  [[1, 0], '(1, 0)'],
  [[], '()'],
  [['a'], "('a',)"],
  [[['a', 'b'], []], "(('a', 'b'), ())"],
  [{}, '{}'],
  [{ a: 1, "b'": [true, null] }, "{'a': 1, \"b'\": (True, None)}"],
  [Object.create(null), '{}'],
  [Buffer.from('a\'\\\n\0\xe9"', 'latin1'), "b'a\\'\\\\\\n\\x00\\xe9\"'"],
  [new Uint8Array([0x27]), 'b"\'"'],
  [function spam() {}, '<function spam>'],
  [() => {}, '<function anonymous>'],
  [new BodyInput(), '<BodyInput object>'],
  [new AbortController().signal, '<AbortSignal object>'],
  [new (class {})(), '<anonymous object>'],
  [Object.create(Object.create(null)), '<anonymous object>'],
  [Symbol('ni'), 'Symbol(ni)'],
];

describe('pythonRepr', () => {
  for (const [value, repr] of CASES) {
    it(`gives ${repr}`, () => expect(pythonRepr(value)).to.equal(repr));
  }

  it('comes to an end in what holds itself', () => {
    const list: unknown[] = [];
    list.push(list);
    expect(pythonRepr(list)).to.match(/^\(+\.\.\.\)(,\))+$/);
    const dict: Record<string, unknown> = {};
    dict['me'] = dict;
    expect(pythonRepr(dict)).to.contain('{...}');
  });
});
