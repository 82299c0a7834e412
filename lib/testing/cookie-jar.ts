/** The cookies of a client between its requests (RFC 6265 section 5.3 and 5.4). */
import { inspect } from 'node:util';
import { TOKEN } from '../environ/syntax.js';
import { checkOptionNames } from '../option-names.js';
import { bareDomain, type Cookie, type CookieScope, isFor, parseSetCookie } from './cookie.js';

/** The attributes of a cookie that a test sets. */
export interface CookieOptions {
  /** Default: the host of the client, and no other. */
  readonly domain?: string | undefined;
  /** Default: `/`. */
  readonly path?: string | undefined;
  /** Seconds, or a date. Default: never. */
  readonly maxAge?: number | undefined;
  readonly expires?: Date | undefined;
  /** Default: false. */
  readonly secure?: boolean | undefined;
  readonly httpOnly?: boolean | undefined;
}

/** One of several cookies of a name. */
export type CookieKey = Pick<CookieOptions, 'domain' | 'path'>;

const OPTIONS = ['domain', 'path', 'maxAge', 'expires', 'secure', 'httpOnly'];

export class CookieJar implements Iterable<Cookie> {
  readonly #host: string;
  /** In the order in which they were made; a cookie that is set again keeps its place. */
  readonly #cookies = new Map<string, Cookie>();

  /** @param host that of the client, for cookies that a test sets. */
  constructor(host: string) {
    this.#host = host;
  }

  /** The cookie that is there; of several, the one set first. Undefined if there is none, or it has expired. */
  get(name: string, key: CookieKey = {}): Cookie | undefined {
    return [...this].find((cookie) => isCalled(cookie, name, key));
  }

  /** @throws TypeError for a name or a value that no header can carry, or for options that cannot work. */
  set(name: string, value: string, options: CookieOptions = {}): void {
    checkOptionNames('set of cookies', options, OPTIONS, TypeError);
    if (!TOKEN.test(name)) {
      throw new TypeError(`This is not the name of a cookie: ${JSON.stringify(name)}`);
    }
    if (/[\x00-\x1f\x7f;]|[^\x00-\xff]/.test(value)) {
      throw new TypeError(
        `The value of the cookie ${name} has a character that no header can carry: encode it`,
      );
    }
    const { domain, path = '/', maxAge, expires, secure = false, httpOnly = false } = options;
    if (expires !== undefined && !(expires instanceof Date)) {
      throw new TypeError(`expires is a Date, not ${inspect(expires)}`);
    }
    this.#put({
      name,
      value,
      domain: bareDomain(domain ?? this.#host),
      hostOnly: domain === undefined,
      path,
      expires:
        maxAge === undefined ? (expires?.getTime() ?? Number.POSITIVE_INFINITY) : Date.now() + maxAge * 1000,
      secure,
      httpOnly,
      sameSite: undefined,
    });
  }

  /** Deletes every cookie of the name, or the one of that domain and path. @returns how many there were. */
  delete(name: string, of: CookieKey = {}): number {
    let deleted = 0;
    for (const [key, cookie] of this.#cookies) {
      if (!isCalled(cookie, name, of)) continue;
      this.#cookies.delete(key);
      deleted++;
    }
    return deleted;
  }

  clear(): void {
    this.#cookies.clear();
  }

  /** Those that have not expired. */
  *[Symbol.iterator](): Generator<Cookie, void, undefined> {
    const now = Date.now();
    for (const cookie of this.#cookies.values()) if (cookie.expires > now) yield cookie;
  }

  /** Takes what a response sets. @param headers the values of its Set-Cookie headers. */
  receive(headers: readonly string[], scope: CookieScope): void {
    for (const header of headers) {
      const cookie = parseSetCookie(header, scope, Date.now());
      if (cookie !== undefined) this.#put(cookie);
    }
  }

  /** The value of the Cookie header for a request; undefined if there is nothing to send. */
  headerFor(scope: CookieScope): string | undefined {
    const sent = [...this].filter((cookie) => isFor(cookie, scope) && (scope.secure || !cookie.secure));
    if (sent.length === 0) return undefined;
    // Longer paths first, then older ones (section 5.4, step 2); the sort is stable.
    sent.sort((a, b) => b.path.length - a.path.length);
    return sent.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #put(cookie: Cookie): void {
    const key = JSON.stringify([cookie.name, cookie.domain, cookie.path]);
    if (cookie.expires <= Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, cookie);
  }
}

function isCalled(cookie: Cookie, name: string, { domain, path }: CookieKey): boolean {
  return (
    cookie.name === name &&
    (domain === undefined || cookie.domain === bareDomain(domain)) &&
    (path === undefined || cookie.path === path)
  );
}
