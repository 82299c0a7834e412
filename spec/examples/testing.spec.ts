/** The example of a tested application: its tests pass as a reader would run them, and docs/testing.md shows them. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { CAPABILITIES } from '../../lib/conformance/scenario.js';
import { ROOT } from '../support/source.js';

const FOLDER = join(ROOT, 'examples', 'testing');
const DOCUMENT = readFileSync(join(ROOT, 'docs', 'testing.md'), 'utf8');
const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

describe('examples/testing', function () {
  this.timeout(60_000);

  it('passes its own tests', () => {
    const args = [
      MOCHA,
      '--no-config',
      '--node-option',
      'import=tsx',
      '--timeout',
      '20000',
      '--reporter',
      'json',
    ];
    const { stdout, stderr } = spawnSync(process.execPath, [...args, 'examples/testing/guestbook.spec.ts'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const report = /^\{.*^\}/ms.exec(stdout)?.[0];
    expect(report, stderr).not.to.equal(undefined);
    const { stats, failures } = JSON.parse(report ?? '{}');
    expect(failures).to.deep.equal([]);
    expect(stats.passes).to.equal(7);
  });

  it('says how to run each file in its first line', () => {
    for (const file of readdirSync(FOLDER)) {
      const [line] = readFileSync(join(FOLDER, file), 'utf8').split('\n');
      expect(line).to.match(/^\/\/ .*\bnpx .*examples\/testing\/guestbook/);
    }
  });

  it('is what docs/testing.md shows', () => {
    const sources = readdirSync(FOLDER).map((file) => readFileSync(join(FOLDER, file), 'utf8'));
    const blocks = [...DOCUMENT.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => (match[1] ?? '').trim());
    expect(blocks).to.have.length(3);
    for (const block of blocks)
      expect(
        sources.some((source) => source.includes(block)),
        block,
      ).to.equal(true);
  });
});

describe('docs/testing.md', () => {
  it('explains every capability', () => {
    const listed = [...DOCUMENT.matchAll(/^\| `([\w-]+)` \| /gm)].map((match) => match[1]);
    for (const name of [...CAPABILITIES, 'log']) expect(listed).to.include(name);
  });
});
