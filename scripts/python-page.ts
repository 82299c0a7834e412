/** Writes the table of docs/python.md, of what the applications in spec/python/frameworks answer now: `npm run docs`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PYTHON_PAGE, rowOf, withRows } from '../spec/python/frameworks/page.js';
import { describeResult, prove } from '../spec/python/frameworks/proof.js';
import { RUNTIMES } from '../spec/python/frameworks/runtimes.js';
import { type Group, PAGES, SOCKETS } from '../spec/python/frameworks/sites.js';
import { environmentComplaint } from '../spec/support/python.js';

const GROUPS: readonly Group[] = [...PAGES, ...SOCKETS];

const complaint = environmentComplaint();
if (complaint === undefined) {
  const rows: string[] = [];
  for (const runtime of RUNTIMES) {
    const proven = await prove(GROUPS, runtime);
    for (const group of GROUPS) {
      for (const { site, results, unexplained } of proven) {
        if (!group.sites.some(({ name }) => name === site.name)) continue;
        if (unexplained.length > 0) throw new Error(unexplained.map(describeResult).join('\n'));
        rows.push(rowOf(site, group, runtime.name, results.length));
      }
    }
  }
  writeFileSync(PYTHON_PAGE, withRows(readFileSync(PYTHON_PAGE, 'utf8'), rows));
} else {
  console.error(`docs/python.md keeps its table: ${complaint}`);
}
