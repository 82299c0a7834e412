/** What a middleware is, and what all of ours check in their arguments. */
import { inspect } from 'node:util';
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

/** @throws ConfigError if `options` is no object, or has a name that is none of `names`. */
export function checkOptionNames(middleware: string, options: unknown, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`The options of ${middleware}() are an object, not ${inspect(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    throw new ConfigError(`${middleware}() has no option ${JSON.stringify(name)}, only ${names.join(', ')}`);
  }
}
