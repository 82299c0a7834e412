/** The code in the documents: each block, what stands alone among them, and a folder in which it compiles and runs. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source.js';
import { temporaryFolder } from './temporary-folder.js';

export interface Block {
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

export const BLOCKS = DOCUMENTS.flatMap((document): Block[] => {
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

export function fileOf({ code, language }: Block, index: number): string {
  return /^\/\/ (\S+\.mjs)\n/.exec(code)?.[1] ?? `block-${index}.${language === 'ts' ? 'ts' : 'mjs'}`;
}

/** In their order; `fileOf` wants the place in this list. */
export const ALONE: readonly Block[] = BLOCKS.filter(standsAlone);

/** With what the block leaves to its reader. */
function textOf({ code }: Block): string {
  const lines = code.split('\n');
  const given = Object.entries(GIVEN).find(([line]) => lines.includes(line))?.[1] ?? '';
  return given + code;
}

/** A folder where they lie, and where the package is installed. @param more files, by their names. */
export function folderOfBlocks(more: Readonly<Record<string, string>>): string {
  const blocks = ALONE.map((block, i) => [fileOf(block, i), textOf(block)] as const);
  const folder = temporaryFolder({
    'package.json': '{ "type": "module" }',
    ...Object.fromEntries(blocks),
    ...more,
  });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@types'), { recursive: true });
  symlinkSync(ROOT, join(modules, 'wsgi'), 'junction');
  symlinkSync(join(ROOT, 'node_modules', '@types', 'node'), join(modules, '@types', 'node'), 'junction');
  return folder;
}
