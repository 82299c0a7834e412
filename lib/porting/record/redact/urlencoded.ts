/** Secrets in `application/x-www-form-urlencoded`, of a body and of a query. */

import type { FieldNames } from './field-names.js';
import { EMPTY, type Filter } from './filter.js';
import type { KnownSecrets } from './known-secrets.js';

/** A value that is longer is replaced, or passed on, before its end is known. */
const MAX_PAIR = 1024 * 1024;

/** `a=b&password=c`, some pairs of it. */
export function redactPairs(text: string, names: FieldNames, known: KnownSecrets): string {
  // Python's parsers took `;` too, once: a name with one before it is still found.
  return text
    .split('&')
    .map((pair) => redactPair(pair, names, known))
    .join('&');
}

function redactPair(pair: string, names: FieldNames, known: KnownSecrets): string {
  const equals = pair.indexOf('=');
  if (equals === -1) return pair;
  const name = decode(pair.slice(0, equals));
  const value = decode(pair.slice(equals + 1));
  const replacement = names.isSecret(name) ? known.replace(name, value, true) : known.find(value);
  return replacement === undefined || replacement === value
    ? pair
    : `${pair.slice(0, equals)}=${replacement}`;
}

/** To a native string; what is not percent-encoding stays. */
function decode(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

export class UrlencodedFilter implements Filter {
  readonly #names: FieldNames;
  readonly #known: KnownSecrets;
  #rest = '';
  /** In a value that is too long: is it a secret, whose rest is left out? */
  #long: 'secret' | 'open' | undefined;

  constructor(names: FieldNames, known: KnownSecrets) {
    this.#names = names;
    this.#known = known;
  }

  push(block: Buffer): Buffer {
    let text = block.toString('latin1');
    let passed = '';
    if (this.#long !== undefined) {
      const end = text.indexOf('&');
      if (this.#long === 'open') passed = end === -1 ? text : text.slice(0, end);
      if (end === -1) return Buffer.from(passed, 'latin1');
      text = text.slice(end);
      this.#long = undefined;
    }
    const all = this.#rest + text;
    const end = all.lastIndexOf('&') + 1;
    this.#rest = all.slice(end);
    passed += redactPairs(all.slice(0, end), this.#names, this.#known);
    if (this.#rest.length > MAX_PAIR) {
      const done = redactPair(this.#rest, this.#names, this.#known);
      this.#long = done === this.#rest ? 'open' : 'secret';
      this.#rest = '';
      passed += done;
    }
    return Buffer.from(passed, 'latin1');
  }

  end(): Buffer {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? EMPTY : Buffer.from(redactPair(rest, this.#names, this.#known), 'latin1');
  }
}
