/** What the specs of all runtimes ask: applications of Python answer as under the servers that they had, and the page says so. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Result } from '../../../lib/porting/report/result.js';
import { requirePython } from '../../support/python.js';
import { PYTHON_PAGE, rowOf } from './page.js';
import { describeResult, nameOf, type Proven, prove, type Runtime } from './proof.js';
import type { Group } from './sites.js';

export function answersAsBefore(groups: readonly Group[], runtime: Runtime): void {
  describe(`applications in the frameworks of Python, on ${runtime.name}`, () => {
    const proven = new Map<string, Proven>();
    before(async function () {
      requirePython(this);
      for (const one of await prove(groups, runtime)) proven.set(one.site.name, one);
    });

    for (const group of groups) {
      for (const site of group.sites.filter((one) => runtime.runs(one))) {
        it(`${site.packages[0]}, ${site.title}: answers as under ${group.against}`, () => {
          const { site: own, results, unexplained } = proven.get(site.name) as Proven;
          expect(unexplained.map(nameOfResult), unexplained.map(describeResult).join('\n')).to.deep.equal([]);
          expect(results.length).to.be.within(20, 60);
          for (const result of results) {
            expect(result.candidate?.answer?.status, describeResult(result)).to.be.a('number');
          }
          const known = own.differs ?? [];
          const differ = results.filter(({ verdict }) => verdict !== 'equal').map(nameOfResult);
          expect(differ, 'what is known to differ does').to.include.members(
            known.map(({ exchange }) => exchange),
          );
          const row = rowOf(own, group, runtime.name, results.length);
          expect(readFileSync(PYTHON_PAGE, 'utf8'), 'npm run docs makes this row').to.include(row);
        });
      }
    }
  });
}

function nameOfResult({ exchange }: Result): string {
  return nameOf(exchange);
}
