/** Flask's session, read and written: the cookie that itsdangerous signs (URLSafeTimedSerializer, with Flask's settings). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { json } from 'wsgi/stdlib';

/**
 * What JSON has; integers above 2^53 are BigInts. Flask writes tuples, dates and bytes as objects with one key that begins
 * with a space: they stay so.
 */
export type Session = Readonly<Record<string, unknown>>;

/** Flask's PERMANENT_SESSION_LIFETIME: 31 days, in seconds. */
const LIFETIME = 31 * 24 * 3600;
/** A session is a few hundred bytes: what a cookie inflates to has a bound. */
const MOST_BYTES = 64 * 1024;
const BASE64URL = /^[\w-]+$/;

/** One application's sessions. */
export class Sessions {
  readonly #key: Buffer;
  readonly #lifetime: number;

  /** @param secret Flask's SECRET_KEY. @param lifetime seconds that a cookie is good for. */
  constructor(secret: string, lifetime = LIFETIME) {
    // key_derivation 'hmac' of itsdangerous, with the salt of Flask.
    this.#key = createHmac('sha1', secret).update('cookie-session').digest();
    this.#lifetime = lifetime;
  }

  /** The session of a request; an empty one where the cookie is missing, was signed with another key, or is too old. */
  read(cookies: string | undefined, now = Date.now()): Session {
    const value = cookieOf(cookies ?? '', 'session');
    const parts = /^(.+)\.([\w-]+)\.([\w-]+)$/.exec(value ?? '');
    if (parts === null) return {};
    const [, payload = '', stamp = '', signature = ''] = parts;
    // A comparison byte by byte takes a time that shows how much of a forged signature is right.
    const mine = this.#sign(`${payload}.${stamp}`);
    const theirs = Buffer.from(signature, 'base64url');
    if (theirs.length !== mine.length || !timingSafeEqual(theirs, mine)) return {};
    const age = Math.floor(now / 1000) - secondsOf(stamp);
    if (!(age >= 0 && age <= this.#lifetime)) return {};
    return decode(payload) ?? {};
  }

  /** The `Set-Cookie` that keeps a session; for an empty one, that which removes it. */
  write(session: Session, now = Date.now()): string {
    if (Object.keys(session).length === 0) {
      return 'session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/';
    }
    const stamp = Buffer.from(
      Math.floor(now / 1000)
        .toString(16)
        .padStart(8, '0'),
      'hex',
    );
    const signed = `${encode(session)}.${stamp.toString('base64url')}`;
    return `session=${signed}.${this.#sign(signed).toString('base64url')}; HttpOnly; Path=/`;
  }

  #sign(text: string): Buffer {
    return createHmac('sha1', this.#key).update(text).digest();
  }
}

/** Compressed where that is shorter, which a dot in front tells. */
function encode(session: Session): string {
  // Python's JSON: JSON.stringify has no integers above 2^53, and no NaN.
  const text = Buffer.from(json.dumps(session, { separators: [',', ':'] }));
  const deflated = deflateSync(text);
  return deflated.length < text.length - 1
    ? `.${deflated.toString('base64url')}`
    : text.toString('base64url');
}

function decode(payload: string): Session | undefined {
  const isDeflated = payload.startsWith('.');
  const text = isDeflated ? payload.slice(1) : payload;
  if (!BASE64URL.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  try {
    const plain = isDeflated ? inflateSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes;
    const session = json.loads(plain.toString());
    return typeof session === 'object' && session !== null ? (session as Session) : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds since 1970, as an integer of as few bytes as it takes. */
function secondsOf(stamp: string): number {
  const bytes = Buffer.from(stamp, 'base64url');
  return bytes.length === 0 || bytes.length > 6 ? Number.NaN : bytes.readUIntBE(0, bytes.length);
}

/** The first of that name, as werkzeug takes it. */
function cookieOf(cookies: string, name: string): string | undefined {
  for (const pair of cookies.split(';')) {
    const at = pair.indexOf('=');
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
