/** An application/x-www-form-urlencoded body (https://url.spec.whatwg.org/#urlencoded-parsing), taken as it comes. */
import { createRequire } from 'node:module';
import type Busboy from 'busboy';
import { type Steps, step } from '../maybe-promise.js';
import { bytesToNative } from '../native-string.js';
import type { MaybePromise } from '../types.js';
import { type Decode, decoderFor } from './charset.js';
import { type FormLimits, FormMeter } from './options.js';
import type { FormValues } from './values.js';

/** In latin-1 names and values come out as native strings: one character for each byte, so that sizes are known. */
const HEADERS = { 'content-type': 'application/x-www-form-urlencoded; charset=latin1' };
/** Loads busboy with the first form: most processes that start have none. */
const load = createRequire(import.meta.url);

const NO_LIMITS = { fieldNameSize: Number.POSITIVE_INFINITY, fieldSize: Number.POSITIVE_INFINITY };

/**
 * busboy takes the pairs apart and unquotes them, within `write()`. It is given whole pairs in one form only: otherwise
 * - it refuses a `%` that escapes nothing, which the standard and Python keep as it is,
 * - it leaves out a pair whose name and value are empty (`=`), and one that is a lone `%41` at the end of a block.
 */
export class UrlencodedParser {
  readonly #busboy = (load('busboy') as typeof Busboy)({ headers: HEADERS, limits: NO_LIMITS });
  readonly #decode: Decode;
  readonly #meter: FormMeter;
  readonly #fields: FormValues<string>;
  /** Characters of a name and a value within their limits; each byte may be written `%XX`. */
  readonly #longest: number;
  /** What came since the last `&`. */
  #pending = '';

  /** @throws RequestError 415 for a charset that is not supported. */
  constructor(charset: string, limits: FormLimits, fields: FormValues<string>) {
    this.#decode = decoderFor('The form', charset);
    this.#meter = new FormMeter(limits);
    this.#fields = fields;
    this.#longest = 3 * (limits.maxFieldNameSize + limits.maxFieldSize) + '='.length;
    this.#busboy.on('field', (name, value) => this.#field(name.slice(MARK.length), value));
  }

  /** @param next reads a block; an empty one is the end. */
  *read(next: () => MaybePromise<Buffer>): Steps<void> {
    for (;;) {
      const chunk = yield* step(next());
      if (chunk.length === 0) break;
      this.#write(chunk);
    }
    this.#end();
  }

  #write(chunk: Buffer): void {
    const text = bytesToNative(chunk);
    const whole = text.lastIndexOf('&') + 1;
    if (whole > 0) {
      this.#pairs(this.#pending + text.slice(0, whole));
      this.#pending = '';
    }
    this.#pending += text.slice(whole);
    // Throws: the name or the value is too long already.
    if (this.#pending.length > this.#longest) this.#end();
  }

  #end(): void {
    this.#pairs(`${this.#pending}&`);
  }

  /** @param pairs each with its `&`. */
  #pairs(pairs: string): void {
    const canonical = pairs.replace(/%(?![0-9A-Fa-f]{2})/g, '%25').replace(/[^&]+/g, `${MARK}$&`);
    this.#busboy.write(Buffer.from(canonical, 'latin1'));
  }

  #field(name: string, value: string): void {
    const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
    this.#meter.field(shown, name.length, value.length);
    this.#fields.append(this.#text(name), this.#text(value));
  }

  #text(native: string): string {
    return this.#decode(Buffer.from(native, 'latin1'));
  }
}

/** Before each name: no pair is empty. */
const MARK = '.';
