/** Cookies, HTML and dates that nobody would write: the same result, or the same error, as in the Python that is installed. */
import { expect } from 'chai';
import fc from 'fast-check';
import { formatdate, parsedate_to_datetime, parsedate_tz } from '../../lib/stdlib/email/utils.js';
import * as html from '../../lib/stdlib/html.js';
import { SimpleCookie } from '../../lib/stdlib/http/cookies.js';
import { PythonProgram, requirePython } from '../support/python.js';
import { outcomeOf } from './differences.js';
import { isoOf } from './email/iso.js';

/** Not `mimetypes`: its tables depend on the version. */
describe('cookies, html and dates of wsgi/stdlib, and those of Python', () => {
  let python: PythonProgram;
  before(function () {
    requirePython(this);
    python = new PythonProgram('cookies_html_dates.py');
  });
  after(() => python?.end());

  /** As many runs as take a second or two. */
  const agree = <T>(what: fc.Arbitrary<T>, check: (value: T) => Promise<void>) =>
    fc.assert(fc.asyncProperty(what, check), { numRuns: 3000 });

  it('read the same cookies of a header', async () => {
    const sizes = { refused: 0, empty: 0, some: 0 };
    await agree(header, async (text) => {
      const { answer } = await python.ask({ ask: 'load', header: text });
      const cookies = new SimpleCookie();
      const { err } = outcomeOf(() => cookies.load(text));
      // Python refuses control characters in a value only since 2026.
      fc.pre(err?.msg.startsWith('Control characters') !== true);
      expect({ error: err?.msg ?? null, state: stateOf(cookies), output: cookies.output() }).to.deep.equal(
        answer,
      );
      sizes[err !== undefined ? 'refused' : cookies.keys().length === 0 ? 'empty' : 'some']++;
    });
    // None of the three is a case that is never tried.
    expect(Object.values(sizes).every((count) => count > 50)).to.equal(true);
  }).timeout(60_000);

  it('set the same cookie, or refuse it', async () => {
    await agree(fc.tuple(name, value, attributes), async ([key, set, pairs]) => {
      const { answer, error } = await python.ask({
        ask: 'store',
        name: key,
        value: set,
        attributes: JSON.stringify(pairs),
      });
      const cookies = new SimpleCookie();
      const { err } = outcomeOf(() => {
        cookies.set(key, set);
        for (const pair of pairs) Reflect.set(cookies.get(key) ?? {}, ...pair);
      });
      if (err !== undefined) expect(`${err.type}: ${err.msg}`).to.equal(error);
      else expect({ state: stateOf(cookies), output: cookies.output() }).to.deep.equal(answer);
    });
  }).timeout(60_000);

  it('escape and unescape the same text', async () => {
    await agree(markup, async (text) => {
      const { answer } = await python.ask({ ask: 'escape', text });
      expect([html.escape(text), html.escape(text, false), html.unescape(text)]).to.deep.equal(answer);
    });
  }).timeout(60_000);

  it('read the same dates', async () => {
    let dates = 0;
    await agree(date, async (text) => {
      const { answer } = await python.ask<[unknown, string | null]>({ ask: 'parse', text });
      const { out } = outcomeOf(() => isoOf(parsedate_to_datetime(text)));
      const moment = (out as { datetime: string } | undefined)?.datetime ?? null;
      expect([parsedate_tz(text), moment]).to.deep.equal(answer);
      if (moment !== null) dates++;
    });
    expect(dates).to.be.above(100);
  }).timeout(60_000);

  it('write the same dates', async () => {
    const seconds = fc.oneof(
      fc.double({ min: -7e10, max: 3e11 }),
      fc.double({ min: -100, max: 100 }),
      fc.integer({ min: -70_000_000_000, max: 300_000_000_000 }),
    );
    await agree(seconds, async (time) => {
      const { answer } = await python.ask({ ask: 'write', seconds: String(time) });
      const { out = null } = outcomeOf(() => [formatdate(time), formatdate(time, { usegmt: true })]);
      expect(out).to.deep.equal(answer);
    });
  }).timeout(60_000);
});

function stateOf(cookies: SimpleCookie): unknown {
  return cookies.items().map(([name, morsel]) => {
    const set = Object.entries(morsel).filter(([, value]) => value !== '');
    return [name, morsel.key, morsel.value, morsel.coded_value, Object.fromEntries(set)];
  });
}

const DATE = 'Wed, 09 Jun 2021 10:18:14 GMT';

/** `join`ed pieces: most of them such as they should be, so that a text is not refused at once. */
const pieces = (few: readonly string[], odd: readonly string[], maxLength: number) =>
  fc
    .array(
      fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...few) },
        { weight: 1, arbitrary: fc.constantFrom(...odd) },
      ),
      { maxLength },
    )
    .map((all) => all.join(''));

const header = pieces(
  ['a', 'b', '=', '=', '; ', '; ', 'a=b', 'a="b c"', 'path=/', 'Secure', `expires=${DATE}`, ' '],
  [
    '"',
    '\\',
    '\\"',
    '\\054',
    '\\377',
    '$',
    '$Path=/',
    ',',
    '[',
    ']',
    '{',
    '@',
    '/',
    'é',
    '\t',
    '\n',
    '\x0b',
    DATE,
    ';;',
    '\ud800',
    '__proto__',
  ],
  12,
);
const name = pieces(
  ['a', 'B', '1', '-', '.'],
  ['$', ' ', '=', ';', 'é', '/', '"', "'", '\ud800', '😀', 'path', '\u00ad'],
  4,
);
const value = pieces(
  ['a', '1', ' ', '=', '/'],
  ['"', '\\', ';', ',', 'é', '\xff', 'Ā', '日', '😀', '\ud800', '<', "'"],
  6,
);
const attributes = fc.array(
  fc.tuple(
    fc.constantFrom(
      'path',
      'Domain',
      'max-age',
      'secure',
      'HTTPONLY',
      'comment',
      'version',
      'samesite',
      'nope',
    ),
    fc.oneof(value, fc.constantFrom(null, true, false, 0, 5, -1, 1.5, '')),
  ),
  { maxLength: 3 },
);
const markup = pieces(
  ['&', '&', '#', 'x', '1', '2', '8', '4', ';', 'a', 'lt', 'amp', 'not', 'in', 'notin', 'copy', ' '],
  [
    '<',
    '>',
    '"',
    "'",
    '&#x',
    '&#',
    'é',
    '😀',
    '\ud800',
    '\t',
    '\0',
    'D800',
    '10FFFF',
    'fffe',
    '&NotEqualTilde;',
    'a'.repeat(32),
    'X',
  ],
  14,
);
const date = fc.oneof(
  pieces(
    ['Wed, ', '09 ', '9 ', 'Jun ', '2021 ', '21 ', '10:18:14 ', '10:18 ', 'GMT', '+0100', 'EST'],
    [
      ',',
      '-',
      '.',
      ':',
      'june ',
      '-0000',
      '+2400',
      '31 ',
      'Feb ',
      '0 ',
      '٠٩ ',
      '1_0 ',
      '10.18.14 ',
      '09-Jun-21 ',
      'é',
      '\x1c',
      '\ufeff',
      '\u3000',
      'Z',
      ' ',
      '24:00:00 ',
      '²',
    ],
    8,
  ),
  fc
    .tuple(
      fc.constantFrom('', 'Wed, ', 'wed ', 'Wed,'),
      fc.constantFrom('09', '9', '31', '٩', '09,', '-1', '0'),
      fc.constantFrom(' Jun ', '-Jun-', ' june ', ' FEB '),
      fc.constantFrom('2021', '21', '68', '69', '100', '0', '10000', '2021,'),
      fc.constantFrom(' 10:18:14', ' 10:18', ' 1.2.3', ' 24:00', ' 10:18:60', ' 1:2:3:4', ''),
      fc.constantFrom(
        '',
        ' GMT',
        ' +0100',
        '+0100',
        ' -0530',
        ' -0000',
        ' CET',
        ' pdt',
        ' +1',
        ' GMT; length=5',
        '-',
        ' +01_00',
      ),
    )
    .map((all) => all.join('')),
);
