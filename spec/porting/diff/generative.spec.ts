/** Comparing, with answers that are made up: what is the same has no difference, and one planted change is found. */
import { expect } from 'chai';
import fc from 'fast-check';
import { align } from '../../../lib/porting/diff/align.js';
import { type AnswerParts, differ } from '../answers.js';

const RUNS = { numRuns: 60 };

const fields = fc.array(
  fc.tuple(
    fc.constantFrom(
      'X-One',
      'X-Two',
      'Vary',
      'Set-Cookie',
      'Location',
      'Cache-Control',
      'Connection',
      'ETag',
    ),
    fc.string({ unit: fc.constantFrom('a', 'b', '=', ';', ',', ' ', '/', '"', '\u00e9'), maxLength: 12 }),
  ),
  { maxLength: 6 },
);
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc.string({ unit: fc.constantFrom('<', '/', 'p', '>', ' ', '"', '=', '!', '-', '&', ';') }),
  fc.uint8Array(),
);
const answer: fc.Arbitrary<AnswerParts> = fc.record({
  status: fc.constantFrom(200, 302, 404),
  version: fc.constantFrom('1.0', '1.1'),
  fields,
  trailers: fields,
  type: fc.constantFrom(
    'text/html',
    'application/json',
    'text/plain',
    'image/png',
    undefined,
    'text/html; charset=latin1',
  ),
  cut: fc.boolean(),
  body,
});

describe('answers that are made up', () => {
  it('do not differ from themselves', () =>
    fc.assert(
      fc.asyncProperty(answer, fc.boolean(), async (one, wire) => {
        expect(await differ(one, { ...one }, { wire })).to.deep.equal([]);
      }),
      RUNS,
    ));

  it('differ from each other in both directions or in none', () =>
    fc.assert(
      fc.asyncProperty(answer, answer, fc.boolean(), async (one, other, wire) => {
        const there = await differ(one, other, { wire });
        const back = await differ(other, one, { wire });
        expect(back.length > 0).to.equal(there.length > 0);
        expect(kindsOf(back)).to.deep.equal(kindsOf(there));
      }),
      { numRuns: 200 },
    ));

  it('have a planted header, found by its name', () =>
    fc.assert(
      fc.asyncProperty(answer, fc.nat(6), async (one, at) => {
        const planted = [...(one.fields ?? [])];
        planted.splice(at, 0, ['x-planted', '1']);
        expect(await differ(one, { ...one, fields: planted })).to.deep.equal(['header X-Planted: - | 1']);
      }),
      RUNS,
    ));
});

function kindsOf(found: readonly string[]): string[] {
  return [...new Set(found.map((line) => line.split(/[ :]/, 1)[0] ?? ''))].sort();
}

describe('JSON that is made up', () => {
  const json = (value: unknown) => ({ type: 'application/json', body: JSON.stringify(value) });

  it('is the same with its names in another order', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await differ(json(value), json(turned(value)))).to.deep.equal([]);
      }),
      RUNS,
    ));

  it('has one planted change, found at its pointer', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.nat(), async (value, seed) => {
        const places = leavesOf(value);
        const steps = places[seed % places.length] ?? [];
        const pointer = steps
          .map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`)
          .join('');
        const found = await differ(json(value), json(planted(value, steps)));
        expect(found).to.have.length(1);
        expect(found[0]?.startsWith(`body ${pointer}: `.replace(' :', ':'))).to.equal(true);
        expect(
          await differ(json(value), json(planted(value, steps)), { ignore: [`pointer:${pointer}`] }),
        ).to.deep.equal([]);
      }),
      RUNS,
    ));
});

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, turned(inner)]),
  );
}

/** Paths to all values that hold no other. */
function leavesOf(value: unknown): (string | number)[][] {
  if (value === null || typeof value !== 'object') return [[]];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  const found = entries.flatMap(([step, inner]) => leavesOf(inner).map((rest) => [step, ...rest]));
  return found.length === 0 ? [[]] : found;
}

function planted(value: unknown, [step, ...rest]: readonly (string | number)[]): unknown {
  if (step === undefined) return 'planted';
  if (Array.isArray(value)) return value.map((inner, at) => (at === step ? planted(inner, rest) : inner));
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, inner]) => [
      name,
      name === step ? planted(inner, rest) : inner,
    ]),
  );
}

describe('pages that are made up', () => {
  interface Element {
    readonly name: string;
    readonly id: string;
    readonly inside: readonly Element[];
  }
  const around = (inside: fc.Arbitrary<readonly Element[]>): fc.Arbitrary<Element> =>
    fc.record({
      name: fc.constantFrom('div', 'span', 'section', 'b'),
      id: fc.constantFrom('1', '2', '"', '&', '<'),
      inside,
    });
  let page = around(fc.constant([]));
  for (let depth = 0; depth < 4; depth++) page = around(fc.array(page, { maxLength: 3 }));
  const escaped = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const html = ({ name, id, inside }: Element): string =>
    `<${name} id="${escaped(id)}">${inside.map((one) => html(one)).join('')}text</${name}>`;
  const answerOf = (text: string) => ({ type: 'text/html', body: text });

  it('are the same with quotes and entities written otherwise', () =>
    fc.assert(
      fc.asyncProperty(page, async (one) => {
        const other = html(one)
          .replaceAll('&quot;', '&#34;')
          .replaceAll('&lt;', '<')
          .replaceAll('</', '<!-- x --></');
        expect(await differ(answerOf(html(one)), answerOf(other))).to.deep.equal([]);
      }),
      RUNS,
    ));

  it('have one planted change of an attribute or a text, found once', () =>
    fc.assert(
      fc.asyncProperty(page, fc.nat(), fc.constantFrom(' id="', 'text<'), async (one, seed, what) => {
        const source = html(one);
        const places = [...source.matchAll(new RegExp(what, 'g'))].map(
          ({ index }) => index + what.length - 1,
        );
        const at = places[seed % places.length] ?? 0;
        const changed = `${source.slice(0, at)}${what === 'text<' ? 'PLANTED' : '"x-planted'}${source.slice(what === 'text<' ? at : at + 1)}`;
        const found = await differ(answerOf(source), answerOf(changed));
        expect(found, `${source}\n${changed}`).to.have.length(1);
        expect(found[0])
          .to.match(/planted/i)
          .and.match(what === 'text<' ? /text\(\)(\[\d+\])?: / : /@id: /);
      }),
      RUNS,
    ));
});

describe('align', () => {
  it('leaves out only parts that are the same, in order', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(list, list, (a, b) => {
        const hunks = align(a, b);
        let [x, y] = [0, 0];
        for (const { original, candidate } of [
          ...hunks,
          { original: [a.length, a.length], candidate: [b.length, b.length] },
        ]) {
          expect(a.slice(x, original[0])).to.deep.equal(b.slice(y, candidate[0]));
          [x, y] = [original[1] ?? 0, candidate[1] ?? 0];
        }
        const edits = hunks.reduce(
          (sum, { original, candidate }) => sum + original[1] - original[0] + candidate[1] - candidate[0],
          0,
        );
        expect(edits).to.equal(a.length + b.length - 2 * longestCommon(a, b));
      }),
      { numRuns: 300 },
    );
  });
});

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const one of a) {
    const next = [0];
    for (const [at, other] of b.entries()) {
      next.push(one === other ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
