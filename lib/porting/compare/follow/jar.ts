/** The cookies of one client on one side. They do not expire while it runs: a recording of an hour is replayed in a second. */
import { type Cookie, type CookieScope, isFor, parseSetCookie } from '../../../testing/cookie.js';
import type { Answer, Fields } from '../../exchange.js';
import { valuesOf } from '../../fields.js';

export class Jar {
  /** By name, domain and path; one that is set again keeps its place. */
  readonly #cookies = new Map<string, Cookie>();

  /** @param now when the answer came, in milliseconds since 1970. */
  take(answer: Answer, scope: CookieScope, now: number): void {
    for (const [name, value] of answer.fields) {
      if (name.toLowerCase() !== 'set-cookie') continue;
      const cookie = parseSetCookie(value, scope, now);
      if (cookie === undefined) continue;
      const key = JSON.stringify([cookie.name, cookie.domain, cookie.path]);
      if (cookie.expires <= now) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** Those that a client sends there, the ones of longer paths first. `Secure` is not looked at: the recorded client did that. */
  for(scope: CookieScope): Map<string, string> {
    const sent = [...this.#cookies.values()].filter((cookie) => isFor(cookie, scope));
    sent.sort((a, b) => b.path.length - a.path.length);
    const found = new Map<string, string>();
    for (const { name, value } of sent) if (!found.has(name)) found.set(name, value);
    return found;
  }
}

/** The pairs of the `Cookie` fields. */
export function cookiesOf(fields: Fields): [name: string, value: string][] {
  return valuesOf(fields, 'cookie')
    .flatMap((value) => value.split(';'))
    .map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return at === -1 ? ['', pair.trim()] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    })
    .filter(([name, value]) => name !== '' || value !== '');
}

/**
 * The fields of a request with the cookies that the client has on this side.
 * @param jar this side's. @param set the names that the recorded server had set: such a cookie is sent only if this
 *   server set it too; all others the client brought itself.
 */
export function withCookies(
  fields: Fields,
  jar: Jar,
  scope: CookieScope,
  set: readonly string[],
  bring: (value: string, name: string) => string,
): Fields {
  const mine = jar.for(scope);
  const recorded = cookiesOf(fields);
  const names = new Set(recorded.map(([name]) => name));
  const pairs: [string, string][] = [];
  for (const [name, value] of recorded) {
    const given = mine.get(name);
    if (given !== undefined) pairs.push([name, given]);
    else if (!set.includes(name)) pairs.push([name, bring(value, name)]);
  }
  // What this server sets, and the recorded one did not: a client sends it back.
  for (const [name, value] of mine) if (!names.has(name) && !set.includes(name)) pairs.push([name, value]);
  const value = pairs.map(([name, text]) => (name === '' ? text : `${name}=${text}`)).join('; ');
  const at = fields.findIndex(([name]) => name.toLowerCase() === 'cookie');
  const others = fields.filter(([name]) => name.toLowerCase() !== 'cookie');
  if (value === '') return others;
  const place = at === -1 ? others.length : at;
  return [...others.slice(0, place), [fields[at]?.[0] ?? 'Cookie', value], ...others.slice(place)];
}
