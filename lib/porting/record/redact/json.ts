/** Secrets in JSON: the strings and numbers under a secret name. All else stays as it was written, spaces too. */

import type { FieldNames } from './field-names.js';
import { EMPTY, type Filter } from './filter.js';
import type { KnownSecrets } from './known-secrets.js';

/** A string that is longer is replaced, or passed on, before its end is known. */
const MAX_STRING = 1024 * 1024;

const SPACE = /[ \t\r\n]*/y;
/** A number, `true`, `null`; anything between the marks of structure. */
const SCALAR = /[^ \t\r\n"{}[\],:]+/y;
const NUMBER = /^-?\d/;

export class JsonFilter implements Filter {
  readonly #names: FieldNames;
  readonly #known: KnownSecrets;
  #rest = '';
  #depth = 0;
  /** All in here is secret: `"passwords": ["a", "b"]`. */
  #secretDepth = 0;
  /** The next value has a secret name, which is this. */
  #name: string | undefined;
  #lastSecret = '';
  /** In a string that is too long. */
  #long: 'secret' | 'open' | undefined;

  constructor(names: FieldNames, known: KnownSecrets) {
    this.#names = names;
    this.#known = known;
  }

  push(block: Buffer): Buffer {
    return Buffer.from(this.#run(block.toString('latin1'), false), 'latin1');
  }

  end(): Buffer {
    const done = this.#run('', true);
    return done === '' ? EMPTY : Buffer.from(done, 'latin1');
  }

  #run(more: string, final: boolean): string {
    const text = this.#rest + more;
    this.#rest = '';
    let done = '';
    let at = 0;
    while (at < text.length) {
      if (this.#long !== undefined) {
        const end = endOfString(text, at);
        const until = end === -1 ? text.length : end;
        if (this.#long === 'open') done += text.slice(at, until);
        else if (end !== -1) done += '"';
        if (end !== -1) this.#long = undefined;
        at = until;
        continue;
      }
      const step = this.#take(text, at, final);
      if (step === undefined) {
        if (text.length - at > MAX_STRING && text[at] === '"') {
          done += this.#beginLong(text.slice(at));
          return done;
        }
        break;
      }
      done += step.done;
      at = step.end;
    }
    this.#rest = text.slice(at);
    if (final) {
      done += this.#cutEnd(this.#rest);
      this.#rest = '';
    }
    return done;
  }

  /** One token; undefined if its end is not here yet. */
  #take(
    text: string,
    at: number,
    final: boolean,
  ): { readonly done: string; readonly end: number } | undefined {
    const character = text[at] ?? '';
    if (character === '"') {
      const end = endOfString(text, at + 1);
      if (end === -1) return undefined;
      const next = matchEnd(SPACE, text, end);
      if (next === text.length && !final) return undefined;
      const raw = text.slice(at, end);
      return { done: text[next] === ':' ? this.#takeName(raw) : this.#takeString(raw), end };
    }
    if (character === '{' || character === '[') {
      this.#depth += 1;
      if (this.#name !== undefined && this.#secretDepth === 0) {
        this.#secretDepth = this.#depth;
        this.#lastSecret = this.#name;
      }
      this.#name = undefined;
    } else if (character === '}' || character === ']') {
      if (this.#depth === this.#secretDepth) this.#secretDepth = 0;
      this.#depth -= 1;
    } else {
      const end = matchEnd(SCALAR, text, at);
      if (end === at) return { done: character, end: at + 1 };
      if (end === text.length && !final) return undefined;
      return { done: this.#takeScalar(text.slice(at, end)), end };
    }
    return { done: character, end: at + 1 };
  }

  #takeName(raw: string): string {
    const name = nativeOf(raw);
    this.#name = this.#names.isSecret(name) ? name : undefined;
    return raw;
  }

  #takeString(raw: string): string {
    const value = nativeOf(raw);
    const name = this.#secretName();
    const replacement = name === undefined ? this.#known.find(value) : this.#known.replace(name, value, true);
    return replacement === undefined || replacement === value ? raw : `"${replacement}"`;
  }

  #takeScalar(raw: string): string {
    const name = this.#secretName();
    return name !== undefined && NUMBER.test(raw) && this.#names.isSecretNumber(name)
      ? `"${this.#known.replace(name, raw)}"`
      : raw;
  }

  #secretName(): string | undefined {
    const name = this.#name ?? (this.#secretDepth > 0 ? this.#lastSecret : undefined);
    this.#name = undefined;
    return name;
  }

  /** @param raw its start, with the quotation mark. */
  #beginLong(raw: string): string {
    const name = this.#secretName();
    // The end may be half of an escape.
    this.#long = name === undefined ? 'open' : 'secret';
    const halfEscape = /(?<!\\)(?:\\\\)*\\$/.test(raw.slice(-64));
    if (halfEscape) this.#rest = '\\';
    const start = halfEscape ? raw.slice(0, -1) : raw;
    return name === undefined ? start : `"${this.#known.replace(name, start.slice(1))}`;
  }

  /** A body that was cut: half a secret is one too. */
  #cutEnd(rest: string): string {
    const name = rest === '' ? undefined : this.#secretName();
    return name === undefined ? rest : `"${this.#known.replace(name, rest.replace(/^"/, ''))}`;
  }
}

/** After the quotation mark that ends it; -1 if that is not here. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (at - slashes - 1 >= from && text[at - slashes - 1] === '\\') slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return -1;
}

/** A string of JSON, itself a native string, as one. */
function nativeOf(raw: string): string {
  try {
    const value: unknown = JSON.parse(Buffer.from(raw, 'latin1').toString('utf8'));
    return Buffer.from(String(value), 'utf8').toString('latin1');
  } catch {
    return raw.slice(1, -1);
  }
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
