/** The command `wsgi` with an application in Python: what its options mean for it, and where it listens. */
import { delimiter, resolve } from 'node:path';
import type { PythonFacts } from './lane.js';
import { isPythonTarget, parsePythonTarget } from './target.js';

/** Those of the command's options that say how Python runs. */
export interface PythonCommand {
  readonly python?: string | undefined;
  /** Folders, separated by commas, as gunicorn has it. */
  readonly pythonpath?: string | undefined;
}

/**
 * Whether the command serves a Python application: a file that ends in `.py`; with `--python` every target; else a module
 * that there is in Python and not in JavaScript.
 * @param isJavaScript whether a module of that name is there in JavaScript.
 */
export function namesPython(
  target: string,
  { python, pythonpath }: PythonCommand,
  isJavaScript: (module: string) => boolean,
): boolean {
  if (python !== undefined) return true;
  if (!isPythonTarget(target, [process.cwd(), ...foldersOf(pythonpath)])) return false;
  const { module } = parsePythonTarget(target);
  return module.endsWith('.py') || !isJavaScript(module);
}

/** @param pythonpath as gunicorn has it, with commas; a colon separates too, as in the environment variable. */
export function foldersOf(pythonpath = ''): string[] {
  return pythonpath
    .split(',')
    .flatMap((part) => part.split(delimiter))
    .filter((folder) => folder !== '')
    .map((folder) => resolve(folder));
}

/** Where to listen. */
export interface AddressOptions {
  readonly bind?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

/** Where a script wanted to listen, unless the command line, the config file or the environment say otherwise. */
export function addressOf({ bind, host, port }: AddressOptions, { address }: PythonFacts): AddressOptions {
  if (address === undefined || bind !== undefined || host !== undefined || port !== undefined) return {};
  return { host: address.host, port: address.port };
}
