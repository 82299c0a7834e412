/** `wsgi.errors` in memory, as Python's `io.StringIO`. */
import { TextErrorStream } from '../environ/error-stream.js';

/** Keeps what is written: `String(errors)` is all of it. */
export class MemoryErrors extends TextErrorStream {
  readonly #texts: string[];

  constructor() {
    const texts: string[] = [];
    super({ write: (text) => texts.push(text) });
    this.#texts = texts;
  }

  override toString(): string {
    return this.#texts.join('');
  }
}
