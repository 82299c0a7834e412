/** Which Python runs the application: the one that was named, that of a virtual environment, or `python3`. */
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { ConfigError } from '../../errors.js';
import { isFileAt } from '../target.js';

const IN_VENV = process.platform === 'win32' ? join('Scripts', 'python.exe') : join('bin', 'python');
const NAMES = process.platform === 'win32' ? ['python', 'python3'] : ['python3', 'python'];

export interface Interpreter {
  /** The path of a CPython, or `pyodide`. */
  readonly command: string;
  /** The virtual environment that it is of, or whose packages Pyodide may use. */
  readonly environment: string | undefined;
}

/**
 * @param asked option `python`.
 * @param folder of the application.
 * @throws ConfigError, one sentence that names both ways, if there is none.
 */
export function findInterpreter(
  asked: string | undefined,
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
): Interpreter {
  const environments = [env['VIRTUAL_ENV'], join(folder, '.venv'), join(folder, 'venv')].filter(
    (path): path is string => path !== undefined && path !== '',
  );
  if (asked === 'pyodide') {
    return { command: 'pyodide', environment: environments.find((path) => existsSync(path)) };
  }
  if (asked !== undefined) return { command: findAsked(asked, folder, env), environment: undefined };
  for (const environment of environments) {
    const command = join(environment, IN_VENV);
    if (isExecutable(command)) return { command, environment };
  }
  if (hasPyodide(folder)) return { command: 'pyodide', environment: undefined };
  for (const name of NAMES) {
    const command = findOnPath(name, env);
    if (command !== undefined) return { command, environment: undefined };
  }
  throw new ConfigError(
    'There is no Python to run the application: install Python 3.8 or newer (python3 on the PATH, a virtual environment, or --python PATH), or npm install pyodide, which needs none',
  );
}

function findAsked(asked: string, folder: string, env: NodeJS.ProcessEnv): string {
  const isPath = /[\\/]/.test(asked);
  const found = isPath ? resolve(folder, asked) : findOnPath(asked, env);
  if (found !== undefined && isExecutable(found)) return found;
  throw new ConfigError(
    isPath
      ? `There is no Python at ${found} (--python)`
      : `There is no ${asked} on the PATH (--python): give the name or path of an interpreter, or pyodide`,
  );
}

/** Whether the application's own folder has the package. */
function hasPyodide(folder: string): boolean {
  try {
    createRequire(join(folder, 'x')).resolve('pyodide/package.json');
    return true;
  } catch {
    return false;
  }
}

function findOnPath(name: string, { PATH = '', PATHEXT = '' }: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? ['', ...PATHEXT.split(';')] : [''];
  return PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFileAt(path);
  } catch {
    return false;
  }
}

/** The folder of a file of Python, or the one that modules are looked for in. */
export function folderOf(module: string, cwd: string): string {
  return module.endsWith('.py') ? dirname(resolve(cwd, module)) : cwd;
}
