/** Several applications under one server, each below its own path prefix (werkzeug's DispatcherMiddleware, F-Z001). */
import { nativeToText } from '../environ/native-string.js';
import type { AnyEnviron, ApplicationOn, Environ } from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { checkApplication, covers, mountTable } from './arguments.js';

/** Prefixes and their applications: `{ '/api': api, '/café': cafe }`, or a Map of the same. */
export type Mounts<E extends AnyEnviron = Environ> =
  | Readonly<Record<string, ApplicationOn<E>>>
  | ReadonlyMap<string, ApplicationOn<E>>;

/**
 * Calls the application whose prefix is the longest that the path lies below, and `app` where there is none.
 *
 * A prefix ends where a segment does: `/a` has `/a`, `/a/` and `/a/b`, not `/ab`. The mounted application gets the same
 * environ, with the prefix moved from PATH_INFO to SCRIPT_NAME; both together stay the path that was requested, doubled
 * slashes included (PEP 3333 "environ Variables"). `OPTIONS *` goes to `app`.
 *
 * Prefixes are text: `/café`, not `/caf%C3%A9` or `/cafÃ©`. A slash at their end means nothing.
 * @param mounts default: none
 * @throws ConfigError for a prefix that does not begin with a slash, appears twice, or is `/`, which is where `app` is.
 */
export function dispatcher<E extends AnyEnviron = Environ>(
  app: ApplicationOn<E>,
  mounts: Mounts<E> = {},
): ApplicationOn<E> {
  checkApplication('dispatcher', app);
  const table = mountTable<ApplicationOn<E>>('dispatcher', mounts);
  for (const { prefix, value } of table) {
    if (prefix === '')
      throw new ConfigError('What dispatcher() has at "/" is its first argument, not a mount');
    checkApplication('dispatcher', value, `for ${nativeToText(prefix)} an application`);
  }
  return (environ, start_response) => {
    // A gateway may leave out what is empty (PEP 3333 "environ Variables").
    const path = environ.PATH_INFO ?? '';
    for (const { prefix, value } of table) {
      if (!covers(prefix, path)) continue;
      environ.SCRIPT_NAME = (environ.SCRIPT_NAME ?? '') + prefix;
      environ.PATH_INFO = path.slice(prefix.length);
      return value(environ, start_response);
    }
    return app(environ, start_response);
  };
}
