/** `choose`: route by route to the new code, and back with one line. */
import { inspect } from 'node:util';
import { textToNative } from '../../environ/native-string.js';
import { TOKEN, withoutSlashesAtEnd } from '../../environ/syntax.js';
import type { AnyEnviron, ApplicationOn, Environ } from '../../environ/types.js';
import { ConfigError } from '../../errors.js';
import { checkApplication } from '../../middleware/arguments.js';

/** Who answers a route: true for the candidate, false for the original, or an application of its own. */
export type Choice<E extends AnyEnviron = Environ> = boolean | ApplicationOn<E>;

/** `{ '/items': true, 'POST /items': false, '= /': true }`, or a Map of the same. */
export type Routes<E extends AnyEnviron = Environ> =
  | Readonly<Record<string, Choice<E>>>
  | ReadonlyMap<string, Choice<E>>;

interface Route<T> {
  readonly method: string | undefined;
  /** It is this path alone, and not what lies below it. */
  readonly exact: boolean;
  /** Native strings; `*` is any one segment that is not empty. */
  readonly segments: readonly string[];
  readonly answer: T;
}

/** `GET = /users/*`: a method, a sign that it is this path alone, and the path. */
const KEY = /^(?:([^\s/=]+)\s+)?(=\s*)?(\/.*)$/s;

/**
 * Asks `candidate` for the routes that were ported, and `original` for all others. A route is a path and all that lies
 * below it, by whole segments: `/items` has `/items`, `/items/` and `/items/7`, not `/itemsize`. In it,
 *
 * - `*` is any one segment: `/users/*` has `/users/7` and what lies below it, not `/users`;
 * - `= /about` is that path alone, with or without a slash at its end: `= /` is the front page;
 * - `POST /items` is for one method; `GET` has `HEAD` too (RFC 9110 section 9.3.2).
 *
 * Where several routes match, the most precise one decides: one for a path alone, then one with more segments, then with
 * fewer `*`, then with a method. environ stays as it is: SCRIPT_NAME and PATH_INFO do not move, unlike in `dispatcher`.
 * WebSockets go the same way as requests. `OPTIONS *` goes to `original`.
 * @param routes paths are text, not percent-encoded.
 * @throws ConfigError for a route that is not one, or appears twice.
 */
export function choose<E extends AnyEnviron = Environ>(
  routes: Routes<E>,
  candidate: ApplicationOn<E>,
  original: ApplicationOn<E>,
): ApplicationOn<E> {
  checkApplication('choose', candidate, 'a candidate');
  checkApplication('choose', original, 'an original');
  const table = routeTable(routes, (key, choice) => {
    if (typeof choice === 'boolean') return choice ? candidate : original;
    if (typeof choice === 'function') return choice;
    throw new ConfigError(
      `The route ${JSON.stringify(key)} of choose() is true (the candidate), false (the original) or an application, ` +
        `not ${inspect(choice, { depth: 0 })}`,
    );
  });
  return (environ, start_response) => {
    // A gateway may leave out what is empty (PEP 3333 "environ Variables").
    const path = (environ.PATH_INFO ?? '') || '/';
    const method = environ.REQUEST_METHOD === 'HEAD' ? 'GET' : environ.REQUEST_METHOD;
    const route = path.startsWith('/') ? findRoute(table, method, segmentsOf(path)) : undefined;
    return (route?.answer ?? original)(environ, start_response);
  };
}

function routeTable<T, A>(
  routes: Readonly<Record<string, T>> | ReadonlyMap<string, T>,
  answerOf: (key: string, choice: T) => A,
): Route<A>[] {
  if (typeof routes !== 'object' || routes === null || Array.isArray(routes)) {
    throw new ConfigError(
      "choose() takes its routes as the keys of an object or of a Map: { '/items': true }",
    );
  }
  const entries: Iterable<[unknown, T]> = routes instanceof Map ? routes : Object.entries(routes);
  const seen = new Set<string>();
  const table: Route<A>[] = [];
  for (const [key, choice] of entries) {
    const [, named, sign, path] = (typeof key === 'string' && KEY.exec(key)) || [];
    if (typeof key !== 'string' || path === undefined || (named !== undefined && !TOKEN.test(named))) {
      throw new ConfigError(
        `A route of choose() is a path, such as '/items', 'POST /items' or '= /', not ${inspect(key)}`,
      );
    }
    if (named !== undefined && named !== named.toUpperCase()) {
      throw new ConfigError(`The method of the route ${inspect(key)} of choose() is in capitals in HTTP`);
    }
    if (/[?#]/.test(path)) {
      throw new ConfigError(`The route ${inspect(key)} of choose() is a path: it has no query`);
    }
    const method = named === 'HEAD' ? 'GET' : named;
    const segments = segmentsOf(textToNative(path));
    const exact = sign !== undefined;
    const route = `${method ?? ''} ${exact ? '=' : ''} /${segments.join('/')}`;
    if (seen.has(route)) throw new ConfigError(`choose() has the route ${JSON.stringify(key)} twice`);
    seen.add(route);
    table.push({ method, exact, segments, answer: answerOf(key, choice) });
  }
  return table.sort(moreToLessPrecise);
}

/** `/a//b/` is `a`, nothing, `b`: slashes at the end mean nothing, others do. */
function segmentsOf(path: string): string[] {
  const trimmed = withoutSlashesAtEnd(path);
  return trimmed === '' ? [] : trimmed.slice(1).split('/');
}

function moreToLessPrecise(a: Route<unknown>, b: Route<unknown>): number {
  const wildcards = ({ segments }: Route<unknown>) => segments.filter((one) => one === '*').length;
  return (
    Number(b.exact) - Number(a.exact) ||
    b.segments.length - a.segments.length ||
    wildcards(a) - wildcards(b) ||
    Number(b.method !== undefined) - Number(a.method !== undefined)
  );
}

function findRoute<T>(
  table: readonly Route<T>[],
  method: string,
  path: readonly string[],
): Route<T> | undefined {
  return table.find(
    (route) =>
      (route.method === undefined || route.method === method) &&
      (route.exact ? path.length === route.segments.length : path.length >= route.segments.length) &&
      route.segments.every((segment, i) => segment === path[i] || (segment === '*' && path[i] !== '')),
  );
}
