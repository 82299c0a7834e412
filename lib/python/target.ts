/** What `wsgi app.py:app` names: a module or a file of Python, and what to take from it. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.js';

export interface PythonTarget {
  /** `mysite.wsgi`, or the path of a file that ends in `.py`. */
  readonly module: string;
  /** A name, a dotted one, or a call of a factory: `create_app("x")`. Undefined: the script, or its `application`. */
  readonly callable: string | undefined;
}

/** Letters of all languages, as Python has them. */
const NAME = /^[\p{ID_Start}_]\p{ID_Continue}*(?:\.[\p{ID_Start}_]\p{ID_Continue}*)*$/u;

/** @throws ConfigError for what names no application. */
export function parsePythonTarget(target: string): PythonTarget {
  // The first colon that a name follows: C:\app.py:app has another one before it.
  const [, module = '', callable] = /^(.+?)(?::(?![\\/])(.*))?$/s.exec(target) ?? [];
  const isFile = module.endsWith('.py');
  if ((!isFile && !NAME.test(module)) || callable === '') {
    throw new ConfigError(
      `${inspect(target)} does not name an application of Python: write FILE.py, FILE.py:CALLABLE, MODULE:CALLABLE or MODULE:FACTORY(ARGUMENTS)`,
    );
  }
  return { module, callable };
}

/**
 * Whether a target is Python: a file by its name, or a dotted name whose file or package lies in one of the folders.
 * @param folders where modules are looked for.
 */
export function isPythonTarget(target: string, folders: readonly string[]): boolean {
  const module = /^(.+?)(?::(?![\\/]).*)?$/s.exec(target)?.[1] ?? '';
  if (module.endsWith('.py')) return true;
  if (!NAME.test(module)) return false;
  const path = module.replaceAll('.', '/');
  return folders.some((folder) =>
    [`${path}.py`, `${path}/__init__.py`].some((file) => isFileAt(resolve(folder, file))),
  );
}

export function isFileAt(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
