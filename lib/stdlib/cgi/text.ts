/** `encoding` and `errors` of a form: how its bytes become text. */
import { isUtf8 } from 'node:buffer';
import { type Decode, decoderOf } from '../../environ/form/charset.js';
import { unquoteToNative } from '../../environ/native-string.js';
import { UnicodeDecodeError, ValueError } from '../errors.js';

export class TextDecoding {
  readonly #encoding: string;
  readonly #decode: Decode;
  readonly #errors: string;

  /** @throws ValueError where Python has a LookupError: an encoding that Node does not know, or other `errors`. */
  constructor(encoding: string, errors: string) {
    const decode = decoderOf(encoding);
    if (decode === undefined) throw new ValueError(`unknown encoding: ${encoding}`);
    if (!['replace', 'strict', 'ignore'].includes(errors)) {
      throw new ValueError(`unknown error handler name ${JSON.stringify(errors)}: replace, strict or ignore`);
    }
    this.#encoding = encoding;
    this.#decode = decode;
    this.#errors = errors;
  }

  /** @throws UnicodeDecodeError where `errors` is strict. */
  decode(bytes: Buffer): string {
    const text = this.#decode(bytes);
    // In the text of good UTF-8, U+FFFD may be what was sent.
    if (this.#errors === 'replace' || !text.includes('\ufffd') || isUtf8(bytes)) return text;
    if (this.#errors === 'ignore') return text.replaceAll('\ufffd', '');
    throw new UnicodeDecodeError(`'${this.#encoding}' codec can't decode the bytes of the form`);
  }

  /** Python's `unquote`: escapes next to each other are decoded together, characters above ASCII stay. */
  unquote(quoted: string): string {
    if (!quoted.includes('%')) return quoted;
    return quoted.replace(/[\x00-\x7f]+/g, (run) => this.decode(Buffer.from(unquoteToNative(run), 'latin1')));
  }
}
