/**
 * What stands in an archive in place of a secret: `redacted-NAME-0123456789ab`. NAME is where the secret was first seen: the
 * name of a field, a cookie or a header. Equal secrets of one recording have equal replacements, so that what a client sends
 * back is still what it got.
 */
import { parseMediaType } from './media-type.js';

const DIGITS = 12;
const MAX_NAME = 40;

/** Finds them in any text: no coding of forms, JSON, HTML or headers changes their characters. */
export const REPLACEMENT = /redacted-([A-Za-z0-9_]{1,40})-[0-9a-f]{12}/g;

/** @param digest hexadecimal digits of a hash with a key. */
export function spellReplacement(name: string, digest: string): string {
  return `redacted-${spellName(name)}-${digest.slice(0, DIGITS)}`;
}

/** True for a text that is one replacement and nothing else: what was there is not known. */
export function isReplacement(text: string): boolean {
  return new RegExp(`^${REPLACEMENT.source}$`).test(text);
}

/** A name as it stands in a replacement: `user[password]` is `user_password`. */
function spellName(name: string): string {
  const spelled = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_$/g, '');
  return spelled.slice(0, MAX_NAME) || 'secret';
}

/** Secrets by the NAME of `--secret NAME=VALUE`: that in the replacement in any case, or the whole replacement. */
export class Secrets {
  readonly #values = new Map<string, string>();
  readonly #used = new Set<string>();
  readonly #missing = new Set<string>();

  /** @param values by name. */
  constructor(values: Iterable<readonly [name: string, value: string]>) {
    for (const [name, value] of values) {
      this.#values.set(isReplacement(name) ? name : spellName(name).toLowerCase(), value);
    }
  }

  /** Names that were given and that no replacement had so far: misspelt, perhaps. */
  get unused(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#used.has(name));
  }

  /** Names of replacements that servers were sent in place of secrets that nobody gave and no answer handed out. */
  get missing(): string[] {
    return [...this.#missing];
  }

  /** @param text of a request as it is sent. */
  noteMissing(text: string): void {
    for (const [, name = ''] of text.matchAll(REPLACEMENT)) this.#missing.add(name);
  }

  /**
   * The text with the secrets that are known; other replacements stay.
   * @param place the name of the header or the cookie that has this text: it names the secret, before the replacement does.
   */
  putBack(text: string, encode: (value: string) => string = (value) => value, place?: string): string {
    if (this.#values.size === 0) return text;
    return text.replace(REPLACEMENT, (found: string, name: string) => {
      const here = place === undefined ? [] : [spellName(place).toLowerCase()];
      const names = [found, ...here, name.toLowerCase()];
      const known = names.find((one) => this.#values.has(one));
      if (known === undefined) return found;
      this.#used.add(known);
      return encode(this.#values.get(known) ?? '');
    });
  }

  /** A header's value, `Set-Cookie` aside. The secret of `Authorization` may be given with its scheme or without. */
  putBackInField(name: string, value: string): string {
    if (name.toLowerCase() === 'cookie') {
      const pairs = value.split(';');
      return pairs.map((pair) => this.putBack(pair, undefined, pair.split('=', 1)[0]?.trim())).join(';');
    }
    const restored = this.putBack(value, undefined, name);
    const twice = /^(\S+) +(\1 .*)$/is.exec(restored);
    return twice === null || restored === value ? restored : (twice[2] ?? restored);
  }

  /** A body of this media type, percent-encoded or escaped as it asks. */
  putBackInBody(body: Buffer, mimeType: string): Buffer {
    const text = body.toString('latin1');
    const restored = this.putBack(text, encoderFor(parseMediaType(mimeType).type, text));
    return restored === text ? body : Buffer.from(restored, 'latin1');
  }
}

/** In native strings: UTF-8 bytes, decoded as Latin-1. JSON is known by its first character too, whatever its type is. */
function encoderFor(type: string, text: string): (value: string) => string {
  const native = (value: string) => Buffer.from(value, 'utf8').toString('latin1');
  const isForm = type === 'application/x-www-form-urlencoded' || type === '';
  const mayBeJson = isForm || type === 'text/plain';
  if (type === 'application/json' || type.endsWith('+json') || (mayBeJson && /^\s*[[{]/.test(text))) {
    return (value) => native(JSON.stringify(value).slice(1, -1));
  }
  if (isForm) return (value) => encodeURIComponent(value).replaceAll('%20', '+');
  return native;
}
