/** The code in the documents: what stands alone compiles and runs as it stands there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { Command, killCommands } from './support/command.js';
import { ROOT } from './support/source.js';
import { removeTemporaryFolders, temporaryFolder } from './support/temporary-folder.js';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

interface Block {
  /** Document and line. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
}

const DOCUMENTS = [
  'README.md',
  'PORTING.md',
  ...readdirSync(`${ROOT}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const BLOCKS = DOCUMENTS.flatMap((document): Block[] => {
  const text = readFileSync(ROOT + document, 'utf8');
  return [...text.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(
    ({ index, 1: language = '', 2: code = '' }) => ({
      place: `${document}:${text.slice(0, index).split('\n').length}`,
      language,
      code,
    }),
  );
});

const EXAMPLES = readdirSync(`${ROOT}examples`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(`${ROOT}examples/${name}`, 'utf8'));

/** What a block leaves to its reader, by a line of it. */
const GIVEN: Readonly<Record<string, string>> = {
  'while (!wsock.closed && wsock.closeCode !== 1001) {':
    'const wsock = { closed: true };\nconst nextReading = async () => 1;\n',
  "app.onconnect = (client) => client.subscribe('chat');":
    "import { WSocketApp } from 'wsgi';\nconst app = new WSocketApp();\n",
  "app.route('/events')(async function* events(environ, start_response) {":
    "import { subscribe, WSocketApp } from 'wsgi';\nconst app = new WSocketApp();\n",
  "  name: 'my gateway',": `import { makeServer } from 'wsgi';
const myGateway = (app) => ({
  listen: async (port, host) => {
    const server = await makeServer(host, port, app);
    return { port: server.serverPort, close: () => server.close() };
  },
});
`,
  'const results = await runConformance(gateway); // [{ id, name, rows, outcome, message, error }]':
    "const gateway = { name: 'none', start: async () => { throw new Error('It does not start'); } };\n",
};

/** Run by another spec, which does more. */
const ELSEWHERE = [
  '// serve.mjs\n',
  "import { expect, use } from 'chai';\n",
  "import { compare } from 'wsgi/porting';\n",
];

/** A part of an example is compiled and run there. */
function standsAlone({ code }: Block): boolean {
  if (ELSEWHERE.some((start) => code.startsWith(start))) return false;
  return /^import /m.test(code) || !EXAMPLES.some((example) => example.includes(code.trim()));
}

function fileOf({ code, language }: Block, index: number): string {
  return /^\/\/ (\S+\.mjs)\n/.exec(code)?.[1] ?? `block-${index}.${language === 'ts' ? 'ts' : 'mjs'}`;
}

const OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  types: ['node'],
  allowJs: true,
  skipLibCheck: true,
  outDir: 'out',
  rootDir: '.',
};

describe('the code in the documents', function () {
  this.timeout(60_000);
  const alone = BLOCKS.filter(standsAlone);
  let folder = '';

  before(() => {
    folder = temporaryFolder({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts', '*.mjs'] }),
    });
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '@types'), { recursive: true });
    symlinkSync(ROOT, join(modules, 'wsgi'), 'junction');
    symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(modules, '@types', 'node'), 'junction');
    for (const [i, block] of alone.entries()) {
      const lines = block.code.split('\n');
      const given = Object.entries(GIVEN).find(([line]) => lines.includes(line))?.[1] ?? '';
      writeFileSync(join(folder, fileOf(block, i)), given + block.code);
    }
  });
  afterEach(killCommands);
  after(removeTemporaryFolders);

  it('is found, in every document that has some', () => {
    expect(BLOCKS.length).to.be.above(60);
    expect(alone.map(({ place }) => place.replace(/:.*/, ''))).to.include.members([
      'README.md',
      'PORTING.md',
      'docs/cgi.md',
      'docs/options.md',
      'docs/stdlib.md',
      'docs/testing.md',
      'docs/validator.md',
      'docs/wsgiref.md',
    ]);
  });

  it('compiles in a strict project', () => {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).to.equal('');
  });

  for (const [i, block] of alone.entries()) {
    const name = fileOf(block, i);
    const isConfig = name.endsWith('.config.mjs');
    it(`runs: ${block.place}`, async () => {
      if (/^conformance\(/m.test(block.code)) {
        // One of its tests: the conformance suite has specs of its own.
        const grep = ['--no-config', '-g', 'A-001'];
        const { status, stdout } = spawnSync(process.execPath, [MOCHA, ...grep, `out/${name}`], {
          cwd: folder,
          encoding: 'utf8',
        });
        expect(stdout).to.match(/[1-9]\d* passing/);
        expect(status).to.equal(0);
        return;
      }
      const script = isConfig
        ? join(ROOT, 'dist', 'cli.js')
        : join(folder, 'out', name.replace(/\.ts$/, '.js'));
      const cgi = { REQUEST_METHOD: 'GET', PATH_INFO: '/', SERVER_PROTOCOL: 'HTTP/1.1' };
      const env = { PORT: '0', ...(block.code.includes('runCgi(') ? cgi : {}) };
      const listens = /\brun\(|serveForever|wsgiApp/.test(block.code);
      const args = isConfig ? ['-c', name, '-b', '127.0.0.1:0'] : [];
      const command = new Command(args, { cwd: folder, script, plain: true, env });
      if (!listens) {
        expect(await command.exit(), command.stderr).to.equal(0);
        return;
      }
      const [, url = ''] = await command.says(/(?:Server started|Serving) at (http:\/\/[\d.:]+)/);
      expect((await fetch(url)).status).to.be.oneOf([200, 400]);
      command.child.kill('SIGTERM');
    });
  }
});
