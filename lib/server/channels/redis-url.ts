/** `redis://user:password@host:port/0?prefix=chat:`: where a Redis is, as the option `channels` names it, and as logs may. */
import { inspect } from 'node:util';
import { parseUrl } from '../../environ/syntax.js';

export interface RedisAddress {
  /** How it connects, as the client takes it. */
  readonly socket:
    | { readonly host: string; readonly port: number; readonly tls: boolean }
    | { readonly path: string };
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Before the name of each topic: two sites that share a Redis do not hear each other. */
  readonly prefix: string;
  /** For logs: without user and password. */
  readonly name: string;
}

export const REDIS_RULE =
  'a URL such as redis://HOST:6379, rediss://USER:PASSWORD@HOST/0 or redis+unix:///run/redis/redis.sock';

const SCHEMES = ['redis:', 'rediss:', 'redis+unix:'];
const DEFAULT_PORT = 6379;

/** Without what is secret, also where it is not a URL. */
export function maskUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, '$1***@')
    .replace(/([?&])(?!(?:prefix|db)=)[^&]*/g, '$1…');
}

/**
 * @returns the address, or what is wrong with it as a sentence without its end; undefined for a URL of something else.
 * Nothing secret is in the sentence.
 */
export function parseRedisUrl(text: string): RedisAddress | string | undefined {
  const scheme = /^[a-z][a-z\d+.-]*:/i.exec(text)?.[0].toLowerCase();
  if (scheme === undefined || !SCHEMES.includes(scheme)) return undefined;
  const isUnix = scheme === 'redis+unix:';
  // URLs can have no user without a host.
  const complete = isUnix ? text.replace(/^([^:]+:\/\/(?:[^/]*@)?)\//, '$1socket/') : text;
  const url = complete.startsWith('//', scheme.length) ? parseUrl(complete) : undefined;
  if (url === undefined) {
    return 'it is not a URL; in a password write %40 for @, %2F for /, %23 for #';
  }
  const { hash, searchParams } = url;
  if (hash !== '') return 'it has a #; in a password write %23';
  for (const name of searchParams.keys()) {
    if (name !== 'prefix' && !(isUnix && name === 'db')) {
      return `it has a parameter ${inspect(name)}, and ${isUnix ? 'only db and prefix are' : 'only prefix is'} known`;
    }
  }
  const [username, password, path] = [url.username, url.password, url.pathname].map(decode);
  if (username === undefined || password === undefined || path === undefined) {
    return 'a % in it is not followed by two hexadecimal digits; write %25';
  }
  const database = isUnix ? (searchParams.get('db') ?? '') : path.replace(/^\//, '');
  if (!/^\d{0,9}$/.test(database)) {
    return isUnix ? 'db must be a number' : 'only the number of a database can be its path, as in /0';
  }
  const shared = {
    username: username || undefined,
    password: password || undefined,
    database: Number(database),
    prefix: searchParams.get('prefix') ?? `wsgi:${Number(database)}:`,
  };
  if (isUnix) {
    if (url.host !== 'socket' || path === '/' || path.includes('\0')) {
      return 'it must have an absolute path, as in redis+unix:///run/redis/redis.sock';
    }
    return { ...shared, socket: { path }, name: `unix:${path}` };
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1';
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const name = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { ...shared, socket: { host, port, tls: scheme === 'rediss:' }, name };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
