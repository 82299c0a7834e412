/** Imports a JavaScript or TypeScript file; says in one sentence why when it cannot, and shows the user's part of a stack. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError } from '../../errors.js';
import { describeThrown } from '../../logger.js';
import { OWN_FOLDER } from '../../own-files.js';

export const EXTENSIONS = ['.mjs', '.js', '.cjs', '.ts', '.mts', '.cts'] as const;

/** Code of the user's threw; `cause` is what. Its stack belongs below the message. */
export class LoadError extends ConfigError {}

/** Node 22.18 and newer run TypeScript by themselves; the types of older ones do not know the field. */
const features: NodeJS.ProcessFeatures & { readonly typescript?: string | false } = process.features;

export type ModuleExports = Readonly<Record<string, unknown>>;

/** The exports of the file at the absolute path `file`, of which errors speak as `shown`. */
export async function importModule(file: string, shown = basename(file)): Promise<ModuleExports> {
  const extension = extname(file);
  if (extension !== '' && !EXTENSIONS.some((known) => known === extension)) {
    throw new ConfigError(`${shown} is not a module: its name must end in one of ${EXTENSIONS.join(' ')}`);
  }
  if (extension.endsWith('ts')) await enableTypeScript(file, shown);
  try {
    const imported = import(pathToFileURL(file).href) as Promise<ModuleExports>;
    return unwrap(
      await settled(
        imported,
        `${shown} never finished loading: an await at its top level, or in what it imports,`,
      ),
    );
  } catch (error) {
    throw explain(error, file, shown);
  }
}

/** An ES module that was compiled to CommonJS, as tsx does where no package.json says module: its exports proper. */
function unwrap(exported: ModuleExports): ModuleExports {
  const inner = exported['default'];
  const compiled = typeof inner === 'object' && inner !== null && '__esModule' in inner;
  return compiled ? (inner as ModuleExports & object) : exported;
}

/** By Node itself, or by `tsx` as the application's own folder has it: the version that the application chose. */
async function enableTypeScript(file: string, shown: string): Promise<void> {
  // Node takes `export` in a .ts file for a syntax error where package.json says commonjs, as `npm init` does; tsx does not.
  if (features.typescript && !(extname(file) === '.ts' && packageType(file) === 'commonjs')) return;
  let loader: string;
  try {
    loader = createRequire(file).resolve('tsx');
  } catch {
    if (features.typescript) return;
    throw new ConfigError(
      `${shown} is TypeScript, which needs: npm install --save-dev tsx, or use Node 22.18 or newer`,
    );
  }
  // As `node --import tsx`, for the whole process: tsx's loader for one import would load packages, this one too, twice.
  await import(pathToFileURL(loader).href);
}

/** What the nearest package.json says; undefined if it says nothing. */
function packageType(file: string): unknown {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { type?: unknown }).type;
    } catch {
      // There is none here, or Node will complain of it.
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function explain(error: unknown, file: string, shown: string): ConfigError {
  if (error instanceof NeverSettled) return error;
  if (error instanceof Error) {
    const position = syntaxErrorPosition(error, file);
    if (position !== undefined) return new ConfigError(`${position}: ${summary(error)}`);
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
      return new ConfigError(`${shown} cannot be loaded: ${summary(error)}`);
    }
  }
  return new LoadError(`${shown} threw while it was loading`, { cause: error });
}

/** `FILE:LINE` of an error that the parser found; undefined for every other. */
function syntaxErrorPosition(error: Error, file: string): string | undefined {
  // esbuild's, through tsx: "Transform failed with 1 error:\n/app.ts:2:8: ERROR: …".
  const transform = /^(.+:\d+):\d+: ERROR: /m.exec(error.message)?.[1];
  if (transform !== undefined) return transform;
  if (error.name !== 'SyntaxError') return undefined;
  return positionOnTop(error.stack ?? '') ?? positionOnTop(parseAgain(file));
}

/** Node puts the position above the message of a syntax error where it knows it. */
function positionOnTop(report: string): string | undefined {
  const top = /^(file:\/\/\/.+|\/.+|[A-Za-z]:\\.+):(\d+)\r?\n/.exec(report.trimStart());
  if (top?.[1] === undefined) return undefined;
  return `${top[1].startsWith('file:') ? fileURLToPath(top[1]) : top[1]}:${top[2]}`;
}

/**
 * What a Node that only links the modules has to say. A SyntaxError of an ES module does not tell where it is, unless
 * it ends the process. The first import ends that process, after all are parsed and before any of the application runs.
 */
function parseAgain(file: string): string {
  const code = `import 'data:text/javascript,process.exit()'; import ${JSON.stringify(pathToFileURL(file).href)};`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
    timeout: 10_000,
  });
  return stderr;
}

function summary(error: Error): string {
  const lines = error.message.split('\n');
  const line = lines.find((text) => text.includes(': ERROR: ')) ?? lines[0] ?? '';
  return line.replace(/^.*: ERROR: /, '');
}

/** Nothing is left that could settle it: no timer, no socket, no other promise. */
export class NeverSettled extends ConfigError {}

/**
 * What `promise` gives. By itself Node ends a process that has nothing left to do, even though code waits in it: silently,
 * or with the name of the file it was started with, which is ours.
 * @throws NeverSettled in that case, whose message begins with `what`.
 */
export function settled<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const idle = () => reject(new NeverSettled(`${what} waits for something that never comes`));
    process.once('beforeExit', idle);
    const settle = () => process.removeListener('beforeExit', idle);
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}

/** Node's loader, tsx, and the command itself: no reader of the log has written them, or can change them. */
const LOADERS = ['node:internal/', '/node_modules/tsx/', OWN_FOLDER.href, fileURLToPath(OWN_FOLDER)];

const FRAME = /^ +at /;
/** Where more of an error follows below its stack. */
const OPENING = / \{$/;

/** As `describeThrown`; of each stack the last calls are left out, up to the first of the application's. */
export function describeLoadFailure(thrown: unknown): string {
  const kept: string[] = [];
  const lines = describeThrown(thrown).split('\n');
  for (const [index, line] of lines.entries()) {
    kept.push(line);
    if (!FRAME.test(line) || FRAME.test(lines[index + 1] ?? '')) continue;
    const opening = OPENING.exec(line)?.[0] ?? '';
    while (isOfLoader(kept.at(-1) ?? '')) kept.pop();
    const last = kept.pop() ?? '';
    kept.push(OPENING.test(last) ? last : last + opening);
  }
  return kept.join('\n');
}

function isOfLoader(line: string): boolean {
  return FRAME.test(line) && LOADERS.some((loader) => line.includes(loader));
}
