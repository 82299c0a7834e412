/** The secrets of a recording: each with its replacement, and found again wherever it stands. */
import { createHmac, randomBytes } from 'node:crypto';
import { REPLACEMENT, spellReplacement } from '../../replacement.js';

/** So many are looked for in other places; older ones keep their replacement. */
const MAX_SOUGHT = 500;
const MAX_KNOWN = 20_000;
/** In characters. A longer one is replaced where it stands, and not looked for. */
const MAX_LENGTH = 4096;

/** Values are native strings: bytes, decoded as Latin-1. */
export class KnownSecrets {
  /** Made for this recording, and forgotten with it: nobody can try passwords against the archive. */
  readonly #key = randomBytes(32);
  readonly #replacements = new Map<string, string>();
  /** What they look like in other codings, by their spelling; the newest last. */
  readonly #sought = new Map<string, string>();
  #pattern: RegExp | undefined;
  #longest = 0;

  /**
   * @param name of the field, cookie or header that has it. An empty value is not a secret.
   * @param isPassword a person has chosen it: it is looked for in other places even if it is short.
   */
  replace(name: string, value: string, isPassword = false): string {
    if (value === '' || isOnlyReplacement(value)) return value;
    const known = this.#replacements.get(value);
    if (known !== undefined) return known;
    const digest = createHmac('sha256', this.#key).update(value, 'latin1').digest('hex');
    const replacement = spellReplacement(name, digest);
    this.#replacements.set(value, replacement);
    if (this.#replacements.size > MAX_KNOWN) dropOldest(this.#replacements);
    if (isTelling(value, isPassword)) this.#seek(value, replacement);
    return replacement;
  }

  /** The replacement of what was a secret elsewhere. */
  find(value: string): string | undefined {
    return this.#sought.get(value);
  }

  /** How many characters a secret may have that is looked for. */
  get longest(): number {
    return this.#longest;
  }

  /**
   * Replaces the secrets that begin before `end`; gives what is done, and how much of the text that was.
   * @param end by default that of the text.
   */
  replaceIn(text: string, end = text.length): { readonly done: string; readonly used: number } {
    if (this.#sought.size === 0) return { done: text.slice(0, end), used: Math.max(0, end) };
    this.#pattern ??= this.#makePattern();
    let done = '';
    let used = 0;
    for (const { 0: found, index } of text.matchAll(this.#pattern)) {
      if (index >= end) break;
      done += text.slice(used, index) + (this.#sought.get(found) ?? found);
      used = index + found.length;
    }
    if (used < end) {
      done += text.slice(used, end);
      used = end;
    }
    return { done, used };
  }

  #seek(value: string, replacement: string): void {
    for (const spelling of spellingsOf(value)) this.#sought.set(spelling, replacement);
    while (this.#sought.size > MAX_SOUGHT) dropOldest(this.#sought);
    this.#longest = Math.max(...[...this.#sought.keys()].map((spelling) => spelling.length));
    this.#pattern = undefined;
  }

  /** The longest first: one may begin another. */
  #makePattern(): RegExp {
    const spellings = [...this.#sought.keys()].sort((a, b) => b.length - a.length);
    const escaped = spellings.map((one) => one.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|');
    // Words as a whole.
    return new RegExp(`(?<![A-Za-z0-9])(?:${escaped})(?![A-Za-z0-9])`, 'g');
  }
}

/** Not a word that may be anywhere by chance: `dark` in a cookie is also a class of the page, `password` is any field. */
function isTelling(value: string, isPassword: boolean): boolean {
  if (value.length > MAX_LENGTH || /^[a-z]+$/i.test(value)) return false;
  if (isPassword && value.length >= 6 && /[^\d]/.test(value)) return true;
  return value.length >= 16 || (value.length >= 8 && /[a-z]/i.test(value) && /\d/.test(value));
}

function isOnlyReplacement(value: string): boolean {
  return value.replace(REPLACEMENT, '') === '';
}

/** As it stands in JSON, in HTML and in a query. */
function spellingsOf(value: string): Set<string> {
  const text = Buffer.from(value, 'latin1').toString('utf8');
  const html = value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
  const json = JSON.stringify(text).slice(1, -1);
  const query = encodeURIComponent(text);
  return new Set([
    value,
    html,
    Buffer.from(json, 'utf8').toString('latin1'),
    query,
    query.replaceAll('%20', '+'),
  ]);
}

function dropOldest(map: Map<string, string>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
