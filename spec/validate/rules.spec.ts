/** Every rule of the validator, broken in one program after another: what is thrown, or warned of. */
import { expect } from 'chai';
import { RULES, WsgiAssertionError } from '../../lib/validate/index.js';
import { PROMISES } from '../../lib/validate/rules.js';
import { BODY } from './cases/body.js';
import { CALLS } from './cases/calls.js';
import { ENVIRON } from './cases/environ.js';
import { HEAD } from './cases/head.js';
import { MIDDLEWARE } from './cases/middleware.js';
import { STREAMS } from './cases/streams.js';
import { type Case, outcomeOf } from './support.js';

const CASES: readonly Case[] = [...CALLS, ...ENVIRON, ...HEAD, ...BODY, ...MIDDLEWARE, ...STREAMS];

/** The rows of the conformance list, from and to. */
const ROWS: readonly (readonly [number, number])[] = [
  [1, 11],
  [20, 49],
  [60, 68],
  [70, 87],
  [100, 116],
  [130, 140],
  [150, 153],
];

const IDS = ROWS.flatMap(([from, to]) =>
  Array.from({ length: to - from + 1 }, (_, i) => `C-${String(from + i).padStart(3, '0')}`),
);

const levels = new Map<string, string>(RULES.map(({ code, level }) => [code, level]));

describe('the validator', () => {
  for (const { id, what, code, run } of CASES) {
    const level = code === undefined ? 'accepts' : levels.get(code) === 'error' ? 'refuses' : 'warns of';
    it(`${id} ${level} ${what}${code === undefined ? '' : ` (${code})`}`, async () => {
      const { thrown, warnings, messages } = await outcomeOf(run);
      if (level === 'refuses') {
        expect(thrown, thrown?.stack).to.be.instanceOf(WsgiAssertionError);
        expect(thrown?.code).to.equal(code);
        expect(thrown?.message).to.match(MESSAGE).and.to.contain(`[${code}]`);
        expect(warnings).to.deep.equal([]);
      } else {
        if (thrown !== undefined) throw thrown;
        expect(warnings).to.deep.equal(code === undefined ? [] : [code]);
        for (const message of messages) expect(message).to.match(MESSAGE);
      }
    });
  }
});

/** The rule, what was found, the fix. */
const MESSAGE = /^[^:]+: .+\. .+/s;

describe('the table of rules', () => {
  it('has 100 rows, of which each has a case', () => {
    expect(IDS).to.have.length(100);
    expect([...new Set(CASES.map(({ id }) => id))].sort()).to.deep.equal(IDS);
  });

  it('names every row, in a rule or as a promise', () => {
    const named = [...RULES, ...PROMISES].flatMap(({ ids }) => ids);
    expect([...new Set(named)].sort()).to.deep.equal(IDS);
  });

  it('has no rule without a case, and cases for the rows that a rule names', () => {
    for (const { code, ids } of RULES) {
      const rows = CASES.filter((one) => one.code === code).map(({ id }) => id);
      expect(rows, code).to.include.members([ids[0]]);
      expect(ids, code).to.include.members(rows);
    }
  });

  it('has each code once, spelled alike', () => {
    expect(levels.size).to.equal(RULES.length);
    for (const { code, rule, fix } of RULES) {
      expect(code).to.match(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(rule, code).to.match(/^\S[^:|\n]*[^.\s]$/);
      expect(fix, code).to.match(/^[A-Z][^|\n]*[^.\s]$/);
    }
  });
});
