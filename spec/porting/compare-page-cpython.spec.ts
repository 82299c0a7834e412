/** docs/compare.md tells the truth: its session on the site of notes ends as it says, and the options that it names are there. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { helpOf } from '../../lib/porting/command-line.js';
import { COMPARE_OPTIONS } from '../../lib/porting/compare/options.js';
import { compare, Report } from '../../lib/porting/index.js';
import { mirrorSettings } from '../../lib/porting/mirror/mirror-options.js';
import { RECORD_OPTIONS } from '../../lib/porting/record/options.js';
import { Command, killCommands } from '../support/command.js';
import { PYTHON, requirePython } from '../support/python.js';
import { ROOT } from '../support/source.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

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

  describe('has a session that goes as it says', function () {
    this.timeout(300_000);

    before(function () {
      requirePython(this);
    });

    after(async () => {
      await killCommands();
      removeTemporaryFolders();
    });

    it('with mistakes at first', async () => {
      // Within the project, whose name it imports.
      mkdirSync(join(ROOT, 'out'), { recursive: true });
      const folder = temporaryFolder({ 'notes.ts': withMistakes() }, join(ROOT, 'out'));
      const text = await session(join(folder, 'notes.ts'));
      expect(text).to.match(/^9 exchanges: 4 equal, 5 different, 3 with noise, 0 drift$/m);
      for (const line of text.split('\n')) {
        // What varies: dates, versions, how many bytes of the head there are.
        if (/^ {3}(?!original: |candidate: |body|cookie)/.test(line)) continue;
        expect(PAGE).to.include(`\n${line}\n`);
      }
    });

    it('and without in the end', async () => {
      const text = await session(join(SITE, 'notes.ts'));
      expect(text).to.include('9 exchanges: 9 equal');
      expect(PAGE).to.include(`\n${text.trim()}\n`);
    });

    it('and in a program', async () => {
      const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(PAGE) ?? [];
      const read = (name: string) => readFileSync(join(SITE, name), 'utf8');
      const cwd = temporaryFolder(
        {
          'program.mjs': code,
          'traffic.har': read('notes.har'),
          'notes.py': read('notes.py'),
          'notes.ts': read('notes.ts'),
        },
        join(ROOT, 'out'),
      );
      const program = new Command([], { cwd, script: join(cwd, 'program.mjs'), plain: true });
      expect(await program.exit(), program.stderr).to.equal(0);
      const printed = program.stdout.replace(/\s+/g, ' ').trim();
      expect(printed).to.include('equal: 9');
      expect(code).to.include(`// ${printed}`);
    });
  });
});

/** What the command prints. */
async function session(candidate: string): Promise<string> {
  const sides = { original: `'${PYTHON}' '${join(SITE, 'notes.py')}' {port}`, candidate: `${candidate}:app` };
  const report = new Report({ archive: 'traffic.har', ...sides });
  await compare(join(SITE, 'notes.har'), { ...sides, onresult: (result) => report.add(result) });
  return report.text();
}

/** The first version of the port, as the page says. */
function withMistakes(): string {
  return readFileSync(join(SITE, 'notes.ts'), 'utf8')
    .replace("'303 See Other'", "'302 Found'")
    .replace('nativeToText(path)', 'path')
    .replace('nativeToText, ', '')
    .replace("      ['Cache-Control', 'no-store'],\n", '');
}
