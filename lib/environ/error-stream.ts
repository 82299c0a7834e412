/** `wsgi.errors`: PEP 3333 "Input and Error Streams". */
import { inspect } from 'node:util';
import type { ErrorStream } from './types.js';

export interface TextTarget {
  write(text: string): unknown;
  flush?(): unknown;
}

/** Writes text to a stream of the process as it comes: nothing is buffered, no newline is added. */
export class TextErrorStream implements ErrorStream {
  readonly #stream: TextTarget;

  /** @param stream default: standard error. */
  constructor(stream: TextTarget = process.stderr) {
    this.#stream = stream;
  }

  /** @throws TypeError if `text` is not a string. Any character is allowed: a lone surrogate is written as U+FFFD. */
  write(text: string): void {
    if (typeof text !== 'string') {
      throw new TypeError(`wsgi.errors.write() takes a string, not ${inspect(text)}: decode bytes first`);
    }
    this.#stream.write(text);
  }

  writelines(lines: Iterable<string>): void {
    for (const line of lines) this.write(line);
  }

  /** Nothing is buffered here, but the stream below may buffer. */
  flush(): void {
    this.#stream.flush?.();
  }

  /** An application should not close it (PEP 3333); the stream of the process survives if it does. */
  close(): void {}
}
