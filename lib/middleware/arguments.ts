/** What a middleware is, and what all of ours check in their arguments: applications, options, tables of prefixes. */
import { inspect } from 'node:util';
import { textToNative } from '../environ/native-string.js';
import { withoutSlashesAtEnd } from '../environ/syntax.js';
import type { Application } from '../environ/types.js';
import { ConfigError } from '../errors.js';

/**
 * PEP 3333 "Middleware: Components that Play Both Sides": takes an application and returns one. Further arguments
 * tell it how.
 */
export type Middleware<Options extends readonly unknown[] = []> = (
  app: Application,
  ...options: Options
) => Application;

/** @throws ConfigError unless `app` can be called. */
export function checkApplication(middleware: string, app: unknown, which = 'an application'): void {
  if (typeof app === 'function') return;
  throw new ConfigError(
    `${middleware}() takes ${which} that is a function, not ${inspect(app, { depth: 0 })}`,
  );
}

export interface Mounted<T> {
  /** A native string: `''`, or `/` and more without a `/` at the end. */
  readonly prefix: string;
  readonly value: T;
}

/**
 * A table of prefixes, the longest first. They are text, not percent-encoded, and become what PATH_INFO has: their
 * UTF-8 bytes. Slashes at their end mean nothing, so `/a/` is `/a` and `/` is `''`.
 * @throws ConfigError for a prefix that does not begin with a slash, or appears twice.
 */
export function mountTable<T>(
  middleware: string,
  mounts: Readonly<Record<string, T>> | ReadonlyMap<string, T>,
): Mounted<T>[] {
  if (typeof mounts !== 'object' || mounts === null || Array.isArray(mounts)) {
    throw new ConfigError(`${middleware}() takes its prefixes as the keys of an object or of a Map`);
  }
  const found = new Map<string, T>();
  const entries = mounts instanceof Map ? mounts.entries() : Object.entries(mounts);
  for (const [key, value] of entries as Iterable<[unknown, T]>) {
    if (typeof key !== 'string' || !key.startsWith('/')) {
      throw new ConfigError(
        `A prefix of ${middleware}() begins with a slash, not as ${JSON.stringify(key)} does`,
      );
    }
    const prefix = withoutSlashesAtEnd(textToNative(key));
    if (found.has(prefix)) {
      throw new ConfigError(`${middleware}() has the prefix ${JSON.stringify(key)} twice`);
    }
    found.set(prefix, value);
  }
  return [...found]
    .map(([prefix, value]) => ({ prefix, value }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

/** True if `path` is `prefix`, or goes on after it with a slash: `/a` covers `/a`, `/a/` and `/a/b`, not `/ab`. */
export function covers(prefix: string, path: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/');
}
