/** An environ that need not be complete: one of a gateway, or an object made by hand. */
import { inspect } from 'node:util';

/** An `Environ` is one, and so is `{ PATH_INFO: '/x' }`. */
export type LooseEnviron = Record<string, unknown>;

/** The string under `key`; `''` if it is absent, undefined or null (Python's None). @throws TypeError otherwise. */
export function stringOf(environ: Readonly<LooseEnviron>, key: string): string {
  const value = environ[key] ?? '';
  if (typeof value !== 'string')
    throw new TypeError(`${key} of environ must be a string, not ${inspect(value)}`);
  return value;
}

/** The same, for a key that must be there. @throws TypeError, where Python has a KeyError. */
export function requiredString(environ: Readonly<LooseEnviron>, key: string): string {
  if (environ[key] === undefined || environ[key] === null) throw new TypeError(`environ has no ${key}`);
  return stringOf(environ, key);
}
