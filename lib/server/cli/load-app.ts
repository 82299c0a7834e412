/** Finds the application that `MODULE:CALLABLE` names (gunicorn's `wsgi_app`, F-G002). */
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isPromise } from '../../environ/maybe-promise.js';
import { typeName } from '../../environ/syntax.js';
import type { Application } from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { didYouMean } from '../../option-names.js';
import {
  EXTENSIONS,
  importModule,
  LoadError,
  type ModuleExports,
  NeverSettled,
  settled,
} from './import-module.js';

/** gunicorn's name for an application that is not named. */
const DEFAULT_NAME = 'application';

/**
 * The application of `target`, such as `app.mjs:app` or `./site.js:createApp("x")`, with the module relative to `cwd`.
 * @throws ConfigError whose `cause` is what the application's own code threw, if it did.
 */
export async function loadApp(target: string, cwd: string = process.cwd()): Promise<Application> {
  const parsed = parseTarget(target);
  const { module, args } = parsed;
  const exported = await importModule(findModule(module, cwd), module);
  const { name, value } = findCallable(exported, parsed);
  if (args === undefined) return checkCallable(value, `${name} in ${module}`);
  const factory = checkCallable(value, `${name} in ${module}`) as (...args: unknown[]) => unknown;
  const call = `${name}() in ${module}`;
  return checkCallable(await callFactory(factory, args, call), `What ${call} returned`);
}

/** Whether there is a module of JavaScript by that name. */
export function hasModule(module: string, cwd: string = process.cwd()): boolean {
  try {
    return findModule(module, cwd) !== '';
  } catch {
    return false;
  }
}

/** A file, with its extension or without; else a package that the folder has. */
function findModule(module: string, cwd: string): string {
  const file = resolve(cwd, module);
  const found = ['', ...EXTENSIONS].map((extension) => file + extension).find(isFile);
  const path = found ?? (/^[./\\]/.test(module) ? undefined : findPackage(module, cwd));
  if (path === undefined) {
    throw new ConfigError(`There is no module ${module}: ${file} does not exist${dottedHint(module, cwd)}`);
  }
  return path;
}

/** Python names the file module/sub.py by `module.sub`. */
function dottedHint(module: string, cwd: string): string {
  const dotted = /^[\p{L}_]\w*(\.[\p{L}_]\w*)+$/u.test(module);
  if (!dotted || EXTENSIONS.some((extension) => module.endsWith(extension))) return '';
  const path = module.replace(/\.py$/, '').replaceAll('.', '/');
  const [extension] = EXTENSIONS.filter((extension) => isFile(resolve(cwd, path + extension)));
  return `. A module is named by its path here, not with dots as in Python: write ${path}${extension ?? '.js'}`;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function findPackage(name: string, cwd: string): string | undefined {
  try {
    const path = createRequire(join(cwd, 'x')).resolve(name);
    return isFile(path) ? path : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
  }
  // A package for `import` alone: Node resolves one only from the module that asks.
  try {
    return fileURLToPath(import.meta.resolve(name));
  } catch {
    return undefined;
  }
}

interface Callable {
  readonly name: string;
  readonly value: unknown;
}

function findCallable(exported: ModuleExports, { module, names }: AppTarget): Callable {
  if (names.length === 0) {
    const name = has(exported, DEFAULT_NAME) ? DEFAULT_NAME : 'default';
    if (name in exported)
      return { name: name === 'default' ? 'The default export' : name, value: exported[name] };
    throw new ConfigError(`${module} exports neither application nor a default: ${listExports(exported)}`);
  }
  let value: unknown = exported;
  for (const [index, name] of names.entries()) {
    // Everything that CommonJS exports is in its default; what Node could tell ahead has a name of its own as well.
    const owner: unknown = index === 0 && !has(exported, name) ? exported['default'] : value;
    if (!has(owner, name)) {
      if (index > 0) throw new ConfigError(`${names.slice(0, index).join('.')} in ${module} has no ${name}`);
      const guess = didYouMean(name, Object.keys(exported));
      throw new ConfigError(`${module} does not export ${name}${guess}: ${listExports(exported)}`);
    }
    value = attribute(owner, name);
  }
  return { name: names.join('.'), value };
}

function has(owner: unknown, name: string): owner is Record<string, unknown> {
  return ((typeof owner === 'object' && owner !== null) || typeof owner === 'function') && name in owner;
}

/** A method comes with its object, as an attribute of a Python object does. */
function attribute(owner: Record<string, unknown>, name: string): unknown {
  const value = owner[name];
  return typeof value === 'function' && !Object.hasOwn(owner, name) ? value.bind(owner) : value;
}

function listExports(exported: ModuleExports): string {
  const names = Object.keys(exported).filter((name) => name !== 'module.exports' && name !== '__esModule');
  return names.length === 0 ? 'it exports nothing' : `it exports ${names.join(', ')}`;
}

async function callFactory(factory: (...args: unknown[]) => unknown, args: readonly unknown[], call: string) {
  try {
    const made = factory(...args);
    return isPromise(made) ? await settled(made, `${call} never returned: its promise`) : made;
  } catch (error) {
    if (error instanceof NeverSettled) throw error;
    throw new LoadError(`${call} threw`, { cause: error });
  }
}

function checkCallable(value: unknown, what: string): Application {
  if (typeof value !== 'function')
    throw new ConfigError(`${what} must be a function, not ${typeName(value)}`);
  if (/^class\b/.test(Function.prototype.toString.call(value))) {
    throw new ConfigError(
      `${what} is a class, which must be called with new: name a function, or a factory that returns one`,
    );
  }
  return value as Application;
}

interface AppTarget {
  readonly module: string;
  /** Dotted path in the exports; empty: `application`, else the default export. */
  readonly names: readonly string[];
  /** Arguments of a factory; undefined: the callable is the application itself. */
  readonly args: readonly unknown[] | undefined;
}

// The first colon that a callable follows: C:\app.mjs:app has another one before it, and arguments may hold more.
const TARGET =
  /^(?<module>.+?)(?::(?<path>[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*)*)(?:\((?<args>.*)\))?)?$/su;

export function parseTarget(target: string): AppTarget {
  const { module, path, args } = TARGET.exec(target)?.groups ?? {};
  if (module === undefined || /:[^\\/]*$/.test(module.replace(/^[A-Za-z]:(?=[\\/])/, ''))) {
    throw new ConfigError(
      `${inspect(target)} does not name an application: write MODULE, MODULE:CALLABLE or MODULE:FACTORY(ARGUMENTS)`,
    );
  }
  return {
    module,
    names: path?.split('.') ?? [],
    args: args === undefined ? undefined : parseArguments(args),
  };
}

/** Literals only, as gunicorn: JSON, and strings in single quotes too, since shells take the double ones. */
function parseArguments(text: string): unknown[] {
  const json = text.replace(/"(?:\\.|[^"\\])*"|'((?:\\.|[^'\\])*)'/gs, (literal, single?: string) =>
    single === undefined ? literal : `"${single.replace(/\\'/g, "'").replace(/(?<!\\)"/g, '\\"')}"`,
  );
  try {
    return JSON.parse(`[${json}]`) as unknown[];
  } catch {
    throw new ConfigError(
      `The arguments of a factory must be literals such as "text", 1, true or null, not (${text})`,
    );
  }
}
