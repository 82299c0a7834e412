/** The table is complete: each row of the checklist is a scenario, or is left out with a reason. */
import { expect } from 'chai';
import { scenarios } from '../../lib/conformance/scenarios/index.js';
import { LEFT_OUT } from './left-out.js';
import { DUTIES, FUNCTIONAL } from './requirements.js';

/** The row: an id without what tells several scenarios of it apart. */
function rowOf(id: string): string {
  return id.slice(0, 5);
}

describe('the table of conformance scenarios', () => {
  const shown = new Set(scenarios.flatMap(({ id, covers }) => [rowOf(id), ...covers]));

  it('has an id for each scenario, and a sentence', () => {
    const ids = scenarios.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).to.deep.equal([]);
    for (const { id, name } of scenarios) {
      expect(id).to.match(/^[AE]-\d{3}(\.\S.*)?$/);
      expect(name, id).to.match(/^[a-z].*[^.]$/);
    }
  });

  it('covers rows, not scenarios', () => {
    for (const { id, covers } of scenarios) {
      for (const row of covers) expect(row, id).to.match(/^[AE]-\d{3}$/);
    }
  });

  for (const [what, rows] of [
    ['functional row', FUNCTIONAL],
    ['duty of a gateway', DUTIES],
  ] as const) {
    it(`shows each ${what}, or says why not`, () => {
      expect(rows.filter((row) => !shown.has(row) && !(row in LEFT_OUT))).to.deep.equal([]);
    });
  }

  it('leaves nothing out that it shows', () => {
    expect(Object.keys(LEFT_OUT).filter((row) => shown.has(row))).to.deep.equal([]);
    const rows = new Set([...FUNCTIONAL, ...DUTIES]);
    expect(Object.keys(LEFT_OUT).filter((row) => !rows.has(row))).to.deep.equal([]);
  });
});
