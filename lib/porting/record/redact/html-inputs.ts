/** Secrets in HTML: the values of inputs whose name is secret, which a form sends back as the page has given them. */
import { unescape as unescapeHtml } from '../../../stdlib/html.js';
import type { FieldNames } from './field-names.js';
import { EMPTY, type Filter } from './filter.js';
import type { KnownSecrets } from './known-secrets.js';

/** A tag that is longer is passed on as it is. */
const MAX_TAG = 64 * 1024;

/** `<input …>`; a quoted value may have a `>` in it. The next one ends it: many that are not closed are not read many times. */
const INPUT = /<input\b(?:[^<>"']|<(?!input\b)|"[^"]*"|'[^']*')*>/gi;
/** The start of one that ends in the next block. */
const OPEN = /<(?:i(?:n(?:p(?:u(?:t\b(?:[^<>"']|<(?!input\b)|"[^"]*"|'[^']*')*(?:"[^"]*|'[^']*)?)?)?)?)?)?$/i;
const NAME = /\bname\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
const VALUE = /(\bvalue\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;

export class HtmlInputsFilter implements Filter {
  readonly #names: FieldNames;
  readonly #known: KnownSecrets;
  #rest = '';

  constructor(names: FieldNames, known: KnownSecrets) {
    this.#names = names;
    this.#known = known;
  }

  push(block: Buffer): Buffer {
    const text = this.#rest + block.toString('latin1');
    const begun = OPEN.exec(text.slice(-MAX_TAG));
    const end = begun === null ? text.length : text.length - begun[0].length;
    this.#rest = text.slice(end);
    return Buffer.from(this.#replaceIn(text.slice(0, end)), 'latin1');
  }

  end(): Buffer {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? EMPTY : Buffer.from(rest, 'latin1');
  }

  #replaceIn(text: string): string {
    return text.replace(INPUT, (tag) => {
      const [, quoted, apostrophes, bare] = NAME.exec(tag) ?? [];
      const name = read(quoted ?? apostrophes ?? bare ?? '');
      if (!this.#names.isSecret(name)) return tag;
      return tag.replace(VALUE, (whole, start: string, ...values: (string | undefined)[]) => {
        const value = read(values.slice(0, 3).find((one) => one !== undefined) ?? '');
        return value === '' ? whole : `${start}"${this.#known.replace(name, value, true)}"`;
      });
    });
  }
}

/** A native string in which HTML has written characters by name or number. */
function read(native: string): string {
  if (!native.includes('&')) return native;
  const text = unescapeHtml(Buffer.from(native, 'latin1').toString('utf8'));
  return Buffer.from(text, 'utf8').toString('latin1');
}
