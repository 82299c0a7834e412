/** An application/x-www-form-urlencoded body (https://url.spec.whatwg.org/#urlencoded-parsing), taken as it comes. */
import { TextDecoder } from 'node:util';
import { RequestError } from '../errors.js';
import type { FormLimits, FormMeter } from './form-limits.js';
import type { FormValues } from './form-values.js';
import { bytesToNative, nativeToBytes, nativeToText, unquoteToNative } from './native-string.js';

// Not by busboy: it refuses a `%` that escapes nothing, which the standard and Python keep as it is, and it reads
// UTF-8 bytes that are not percent-encoded as latin-1.
export class UrlencodedParser {
  readonly #decode: (native: string) => string;
  readonly #meter: FormMeter;
  readonly #fields: FormValues<string>;
  /** What a name and a value can take before they must be over their limits; each byte may be written `%XX`. */
  readonly #longest: number;
  /** What came since the last `&`. */
  #pending = '';

  /** @throws RequestError 415 for a charset that is not in the WHATWG Encoding standard. */
  constructor(charset: string, limits: FormLimits, meter: FormMeter, fields: FormValues<string>) {
    this.#decode = decoderOf(charset);
    this.#meter = meter;
    this.#fields = fields;
    this.#longest = 3 * (limits.maxFieldNameSize + limits.maxFieldSize) + '='.length;
  }

  write(chunk: Buffer): void {
    const text = bytesToNative(chunk);
    let start = 0;
    for (let mark = text.indexOf('&'); mark !== -1; mark = text.indexOf('&', start)) {
      this.#pair(this.#pending + text.slice(start, mark));
      this.#pending = '';
      start = mark + 1;
    }
    this.#pending += text.slice(start);
    // Throws: one of the two is too long, whatever follows.
    if (this.#pending.length > this.#longest) this.#pair(this.#pending);
  }

  end(): void {
    this.#pair(this.#pending);
  }

  #pair(pair: string): void {
    if (pair === '') return;
    const mark = pair.indexOf('=');
    const name = unquotePlus(mark === -1 ? pair : pair.slice(0, mark));
    const value = mark === -1 ? '' : unquotePlus(pair.slice(mark + 1));
    // One character of a native string is one byte.
    const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
    this.#meter.field(shown, name.length, value.length);
    this.#fields.append(this.#decode(name), this.#decode(value));
  }
}

function unquotePlus(quoted: string): string {
  return unquoteToNative(quoted.replaceAll('+', ' '));
}

function decoderOf(charset: string): (native: string) => string {
  if (/^utf-?8$/i.test(charset)) return nativeToText;
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { ignoreBOM: true });
  } catch {
    throw new RequestError(415, `The form has a charset that is not known: ${JSON.stringify(charset)}`);
  }
  return (native) => decoder.decode(nativeToBytes(native));
}
