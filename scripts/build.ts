/**
 * Makes the JavaScript of `dist/`, where tsc has put the types: a file for each entry of package.json, and few that they share.
 * Each file that a start loads costs a millisecond of CPU time (62 of them half of a start), and so does each 20 KiB of code.
 */
import { chmodSync, cpSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

/** Modules that are loaded by their URL, or before all others. `lib/own-files.ts` needs to be in `dist/` itself: all shared files are. */
const LOADED = [
  'cli',
  'compile-cache',
  'server/threads/worker/thread-start',
  'server/workers/loaded-files',
  'porting/mirror/candidate-worker',
  'python/pyodide/thread',
  'python/pyodide/connections/thread',
];

interface Package {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Package;
const targets = [
  ...Object.values(bin),
  ...Object.values(exports).map((target) => (typeof target === 'string' ? target : target.default)),
].filter((target) => target.startsWith('./dist/'));
const names = [...targets.map((target) => target.slice('./dist/'.length, -'.js'.length)), ...LOADED];

/**
 * What is started, and by which modules. Modules that the same of these load are one file, so that a start loads few files, and
 * nothing that it has no use for. All modules that none of them loads are joined as the bundler likes.
 */
const STARTS: Readonly<Record<string, readonly string[]>> = {
  server: ['cli', 'server/serve'],
  cgi: ['cli', 'server/cgi/run-cgi'],
  main: ['index'],
  thread: ['server/threads/worker/thread-app'],
  testing: ['testing/index'],
  library: names.filter((name) => /^(?:cgi|headers|(?:util|validate|middleware|stdlib)\b.*)$/.test(name)),
};

const pathOf = (name: string) => resolve('lib', `${name}.ts`);
const entries = new Set(names.map(pathOf));

/** The modules that a module loads with itself. */
type Imports = (path: string) => readonly string[];

/** Bytes. Modules that fewer starts load, and that are smaller together, are loaded by all of them: a file costs more. */
const SMALL = 16 * 1024;
const ALL = Object.keys(STARTS).join('-');

let files: ReadonlyMap<string, string> | undefined;

/** The file that a module goes into; null leaves it to the bundler. An entry stays itself: it is known by its URL. */
function fileOf(path: string, imports: Imports): string | null {
  files ??= groupModules(imports);
  return files.get(path) ?? null;
}

function groupModules(imports: Imports): Map<string, string> {
  const groups = new Map<string, string>();
  for (const [start, roots] of Object.entries(STARTS)) {
    for (const path of reach(roots.map(pathOf), imports)) {
      if (!path.endsWith('.ts') || entries.has(path)) continue;
      const before = groups.get(path);
      groups.set(path, before === undefined ? start : `${before}-${start}`);
    }
  }
  const sizes = new Map<string, number>();
  for (const [path, group] of groups) sizes.set(group, (sizes.get(group) ?? 0) + statSync(path).size);
  const isSmall = (group: string) => group.includes('-') && (sizes.get(group) ?? 0) < SMALL;
  // Only what imports nothing but such modules, for files must not import each other in a circle.
  for (let moved = true; moved; ) {
    moved = false;
    for (const [path, group] of groups) {
      if (group === ALL || !isSmall(group)) continue;
      if (!imports(path).every((one) => !one.endsWith('.ts') || groups.get(one) === ALL)) continue;
      groups.set(path, ALL);
      moved = true;
    }
  }
  for (const [path, group] of groups) if (!group.includes('-')) groups.delete(path);
  return groups;
}

function reach(roots: readonly string[], imports: Imports): Set<string> {
  const paths = new Set(roots);
  for (const path of paths) for (const imported of imports(path)) paths.add(imported);
  return paths;
}

/** An entry that other files import from would show users more names than its own. */
const sameExports: Plugin = {
  name: 'same-exports',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk' || !file.isEntry || file.facadeModuleId === null) continue;
      const own = this.getModuleInfo(file.facadeModuleId)?.exports ?? [];
      const odd = file.exports.filter((name) => !own.includes(name));
      if (odd.length > 0) throw new Error(`${file.fileName} would export ${odd.join(', ')}`);
    }
  },
};

/** `import whole, { a, b as c } from "node:x";` as the bundler writes it, or a part of that. */
const BUILTIN = /^import (?:([\w$]+))?(?:, )?(?:\{ ([^}]+) \})? from "(node:[\w/]+)";$/gm;

/**
 * Modules of Node by `process.getBuiltinModule()`. An `import` asks a module for every property, which loads what is made
 * when it is asked for (MIME types, block lists): a fortieth of the CPU time of a start (bench: start).
 */
const builtins: Plugin = {
  name: 'builtins',
  renderChunk: (code) =>
    code.replace(BUILTIN, (_line, whole?: string, names?: string, module?: string) => {
      const wanted = [whole, names === undefined ? undefined : `{ ${names.replaceAll(' as ', ': ')} }`];
      return wanted
        .filter((one) => one !== undefined)
        .map((one) => `const ${one} = process.getBuiltinModule("${module}");`)
        .join(' ');
    }),
};

const bundle = await rolldown({
  input: Object.fromEntries(names.map((name) => [name, `lib/${name}.ts`])),
  platform: 'node',
  external: /^[^./]/,
  preserveEntrySignatures: 'allow-extension',
  plugins: [sameExports, builtins],
  resolve: { extensionAlias: { '.js': ['.ts'] } },
  onLog(level, log) {
    if (level === 'warn') throw new Error(log.message);
  },
});
await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name]-[hash].js',
  comments: false,
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      {
        debugName: 'starts',
        name: (path, graph) => fileOf(path, (one) => graph.getModuleInfo(one)?.importedIds ?? []),
      },
    ],
  },
});
await bundle.close();

for (const command of Object.values(bin)) chmodSync(command, 0o755);
// Bundlers know nothing of Python.
cpSync('lib/python/py', 'dist/python/py', {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
});
