/**
 * Makes the JavaScript of `dist/`: a file for each entry of package.json, and chunks of what they share. Node starts
 * faster with these than with a file for each module. tsc has put the types there.
 */
import { chmodSync, cpSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { groupModules } from './groups.js';

/** Modules that are loaded by their URL: see `lib/own-files.ts`. */
const LOADED = [
  'own-files',
  'server/threads/worker/thread-app',
  'server/workers/loaded-files',
  'porting/mirror/candidate-worker',
];

/** What starts often: modules that the same of these load are one file. */
const MAIN = [
  'lib/index.ts',
  'lib/cli.ts',
  'lib/cgi.ts',
  'lib/testing/index.ts',
  'lib/server/serve.ts',
  'lib/server/threads/worker/thread-app.ts',
];

interface Package {
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Package;
const targets = Object.values(exports).map((target) =>
  typeof target === 'string' ? target : target.default,
);
const named = [...Object.values(bin), ...targets].filter((target) => target.startsWith('./dist/'));

const entryPoints = [
  ...named.map((target) => target.replace('./dist/', 'lib/').replace(/\.js$/, '.ts')),
  ...LOADED.map((path) => `lib/${path}.ts`),
];

await build({
  entryPoints,
  outbase: 'lib',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  logLevel: 'warning',
  plugins: [await groupModules(entryPoints, MAIN)],
});
for (const command of Object.values(bin)) chmodSync(command, 0o755);
// tsc and esbuild know nothing of Python.
cpSync('lib/python/py', 'dist/python/py', {
  recursive: true,
  filter: (path) => !path.includes('__pycache__'),
});
