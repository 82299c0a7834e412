/** A body passes through filters, block by block, before it is stored; and those that know no format. */
import type { Coding } from '../../codings.js';
import type { KnownSecrets } from './known-secrets.js';

export interface Filter {
  push(block: Buffer): Buffer;
  /** What is left, once there is no more. */
  end(): Buffer;
}

export const EMPTY = Buffer.alloc(0);

/** As it is. */
export const UNCHANGED: Filter = { push: (block) => block, end: () => EMPTY };

/** Replaces secrets that were seen elsewhere: a session id in a link, a password that a page shows. */
export class KnownFilter implements Filter {
  readonly #known: KnownSecrets;
  #rest = '';

  constructor(known: KnownSecrets) {
    this.#known = known;
  }

  push(block: Buffer): Buffer {
    const text = this.#rest + block.toString('latin1');
    // One may begin in this block, and end in the next, where it is seen whether the word ends too.
    const { done, used } = this.#known.replaceIn(text, text.length - this.#known.longest);
    this.#rest = text.slice(used);
    return Buffer.from(done, 'latin1');
  }

  end(): Buffer {
    const { done } = this.#known.replaceIn(this.#rest);
    this.#rest = '';
    return Buffer.from(done, 'latin1');
  }
}

/** One after the other. */
export class Chain implements Filter {
  readonly #filters: readonly Filter[];

  constructor(...filters: Filter[]) {
    this.#filters = filters;
  }

  push(block: Buffer): Buffer {
    return this.#filters.reduce((bytes, filter) => (bytes.length === 0 ? bytes : filter.push(bytes)), block);
  }

  end(): Buffer {
    let rest = EMPTY;
    for (const filter of this.#filters) {
      const passed = rest.length === 0 ? EMPTY : filter.push(rest);
      rest = Buffer.concat([passed, filter.end()]);
    }
    return rest;
  }
}

/** White space before the first character of JSON. */
const MAX_SPACE = 1024;

/** Chosen by the first character: JSON is sent as text, as a form, and without any type. */
export class JsonOrFilter implements Filter {
  readonly #json: Filter;
  readonly #other: Filter;
  #chosen: Filter | undefined;
  #rest: Buffer = EMPTY;

  constructor(json: Filter, other: Filter) {
    this.#json = json;
    this.#other = other;
  }

  push(block: Buffer): Buffer {
    if (this.#chosen !== undefined) return this.#chosen.push(block);
    this.#rest = Buffer.concat([this.#rest, block]);
    const first = /\S/.exec(this.#rest.toString('latin1', 0, MAX_SPACE))?.[0];
    if (first === undefined && this.#rest.length < MAX_SPACE) return EMPTY;
    this.#chosen = first === '{' || first === '[' ? this.#json : this.#other;
    return this.#chosen.push(this.#rest);
  }

  end(): Buffer {
    return this.#chosen === undefined ? this.#rest : this.#chosen.end();
  }
}

/** Bytes. A longer compressed body is stored as it is: it is held in memory until its end. */
const MAX_CODED = 1024 * 1024;
const MAX_DECODED = 16 * MAX_CODED;

/** Decodes, filters, and encodes again if that has changed anything. */
export class CodedFilter implements Filter {
  readonly #coding: Coding;
  readonly #inner: Filter;
  readonly #ontoolarge: () => void;
  #blocks: Buffer[] = [];
  #size = 0;

  /** @param ontoolarge is told if it is stored as it is. */
  constructor(coding: Coding, inner: Filter, ontoolarge: () => void) {
    this.#coding = coding;
    this.#inner = inner;
    this.#ontoolarge = ontoolarge;
  }

  push(block: Buffer): Buffer {
    const before = this.#size;
    this.#size += block.length;
    if (before > MAX_CODED) return block;
    this.#blocks.push(Buffer.from(block));
    if (this.#size <= MAX_CODED) return EMPTY;
    this.#ontoolarge();
    return Buffer.concat(this.#blocks.splice(0));
  }

  end(): Buffer {
    const bytes = Buffer.concat(this.#blocks.splice(0));
    if (bytes.length === 0) return bytes;
    try {
      const decoded = this.#coding.decode(bytes, { maxOutputLength: MAX_DECODED });
      const filtered = Buffer.concat([this.#inner.push(decoded), this.#inner.end()]);
      return filtered.equals(decoded) ? bytes : this.#coding.encode(filtered);
    } catch {
      // It is cut, not what it says it is, or too large.
      if (bytes.length > 0) this.#ontoolarge();
      return bytes;
    }
  }
}
