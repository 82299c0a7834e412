/** Secrets in `multipart/form-data` (RFC 7578): the parts with a secret name. Files pass as they are. */

import type { FieldNames } from './field-names.js';
import { EMPTY, type Filter } from './filter.js';
import type { KnownSecrets } from './known-secrets.js';

const END_OF_HEAD = '\r\n\r\n';
const MAX_HEAD = 64 * 1024;
/** Of a field that is not a file; a longer one passes, or is replaced, before its end is known. */
const MAX_VALUE = 1024 * 1024;

export class MultipartFilter implements Filter {
  readonly #names: FieldNames;
  readonly #known: KnownSecrets;
  readonly #delimiter: string;
  #text: string;
  #state: 'head' | 'field' | 'file' | 'open' | 'secret' = 'file';
  #name = '';
  #toSkip = 2;

  constructor(boundary: string, names: FieldNames, known: KnownSecrets) {
    this.#names = names;
    this.#known = known;
    this.#delimiter = `\r\n--${boundary}`;
    // The first delimiter begins the body.
    this.#text = '\r\n';
  }

  push(block: Buffer): Buffer {
    this.#text += block.toString('latin1');
    let done = '';
    for (let more = this.#step(); more !== undefined; more = this.#step()) done += more;
    return this.#withoutFirst(done);
  }

  end(): Buffer {
    const rest = this.#text;
    this.#text = '';
    if (rest === '' || this.#state === 'secret') return EMPTY;
    // A body that was cut: half a secret is one too.
    const done = this.#state === 'field' ? this.#value(rest) : rest;
    return this.#withoutFirst(done);
  }

  /** The line end that was put before the first delimiter. */
  #withoutFirst(done: string): Buffer {
    const skipped = Math.min(this.#toSkip, done.length);
    this.#toSkip -= skipped;
    return Buffer.from(done.slice(skipped), 'latin1');
  }

  /** What is done of the text; undefined if more is needed. */
  #step(): string | undefined {
    if (this.#state === 'head') return this.#takeHead();
    const end = this.#text.indexOf(this.#delimiter);
    if (end === -1) return this.#takePart();
    const value = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + this.#delimiter.length);
    const state = this.#state;
    this.#state = 'head';
    const before = state === 'secret' ? '' : state === 'field' ? this.#value(value) : value;
    return before + this.#delimiter;
  }

  #takeHead(): string | undefined {
    const end = this.#text.indexOf(END_OF_HEAD);
    if (end === -1) {
      // After the last delimiter there is none.
      if (this.#text.length > MAX_HEAD) this.#state = 'file';
      return this.#text.length > MAX_HEAD ? '' : undefined;
    }
    const head = this.#text.slice(0, end + END_OF_HEAD.length);
    this.#text = this.#text.slice(head.length);
    this.#name =
      /^content-disposition:.*?[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/im
        .exec(head)
        ?.slice(1)
        .find(Boolean) ?? '';
    this.#state = /^content-disposition:.*?[;\s]filename\*?=/im.test(head) ? 'file' : 'field';
    return head;
  }

  /** Of a part whose end is not here: all but what may be the start of a delimiter. */
  #takePart(): string | undefined {
    const length = this.#text.length - this.#delimiter.length;
    if (length <= 0 || (this.#state === 'field' && length <= MAX_VALUE)) return undefined;
    const part = this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
    if (this.#state === 'secret') return '';
    if (this.#state !== 'field') return part;
    const done = this.#value(part);
    this.#state = done === part ? 'open' : 'secret';
    return done;
  }

  #value(value: string): string {
    const replacement = this.#names.isSecret(this.#name)
      ? this.#known.replace(this.#name, value, true)
      : this.#known.find(value);
    return replacement ?? value;
  }
}
