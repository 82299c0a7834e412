/** docs/compare.md tells the truth: its session on the site of notes ends as it says, and the options that it names are there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { helpOf } from '../../lib/porting/command-line.js';
import { COMPARE_OPTIONS } from '../../lib/porting/compare/options.js';
import { compare } from '../../lib/porting/index.js';
import { mirrorSettings } from '../../lib/porting/mirror/mirror-options.js';
import { RECORD_OPTIONS } from '../../lib/porting/record/options.js';
import { PYTHON, requirePython } from '../support/python.js';
import { ROOT } from '../support/source.js';

const PAGE = readFileSync(join(ROOT, 'docs/compare.md'), 'utf8');
const SITE = join(ROOT, 'examples/porting');

describe('docs/compare.md', () => {
  it('names options that there are', () => {
    const named = new Set([...PAGE.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
    expect(named.size).to.be.greaterThan(12);
    const help = helpOf(COMPARE_OPTIONS, '') + helpOf(RECORD_OPTIONS, '');
    // That one is of flask, in an example.
    for (const option of [...named].filter((one) => one !== '--port')) {
      expect(help, option).to.match(new RegExp(`${option}(?![\\w-])`));
    }
  });

  it('names the options of mirror() that there are, with their defaults', () => {
    const table = PAGE.slice(PAGE.indexOf('## In production: mirror'));
    const { timeoutMs, maxBody, maxQueue, maxQueueBytes, concurrency, sample, methods } = mirrorSettings({});
    expect(table).to.include(`| \`sample\` | ${sample} |`);
    expect(table).to.include(`['${[...methods].join("', '")}']`);
    expect(table).to.include(`| \`timeout\` | ${timeoutMs / 1000} |`);
    expect(table).to.include(`| \`maxBody\` | ${maxBody / 2 ** 20} MiB |`);
    expect(table).to.include(`| ${maxQueue}, ${maxQueueBytes / 2 ** 20} MiB |`);
    expect(table).to.include(`| \`concurrency\` | ${concurrency} |`);
    expect(table).to.include('`report`').and.to.include('`ignore`');
  });

  it('has a session that ends as it says', async function () {
    requirePython(this);
    this.timeout(300_000);
    const counts = await compare(join(SITE, 'notes.har'), {
      original: `'${PYTHON}' '${join(SITE, 'notes.py')}' {port}`,
      candidate: `${join(SITE, 'notes.ts')}:app`,
      onresult: ({ differences, drift, exchange }) => {
        expect([...differences, ...drift], exchange.request.target).to.deep.equal([]);
      },
    });
    const { equal, different, noise, drift } = counts;
    const line = `${equal + different + drift} exchanges: ${equal} equal, ${different} different, ${noise} with noise, ${drift} drift`;
    expect(PAGE, line).to.include(`\n${line}\n`);
    expect(equal).to.equal(9);
  });
});
