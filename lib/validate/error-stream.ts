/** `wsgi.errors` under watch: Python's `wsgiref.validate.ErrorWrapper` and `check_errors`. */
import type { ErrorStream } from '../environ/types.js';
import { fail, shapeOf } from './violation.js';

export function checkErrors(stream: unknown): asserts stream is ErrorStream {
  for (const name of ['write', 'writelines', 'flush']) {
    if (typeof (stream as Record<string, unknown> | null | undefined)?.[name] !== 'function') {
      fail('errors-incomplete', `${shapeOf(stream)} has no ${name}`);
    }
  }
}

/** What is right goes on to the server's stream. Members that PEP 3333 does not name are absent. */
export class ValidatedErrors implements ErrorStream {
  readonly #inner: ErrorStream;

  constructor(inner: ErrorStream) {
    this.#inner = inner;
  }

  write(...args: unknown[]): void {
    const [text] = args;
    if (args.length !== 1) fail('errors-write', `it got ${args.length} arguments`);
    if (typeof text !== 'string') fail('errors-write', `it got ${shapeOf(text)}`);
    this.#inner.write(text);
  }

  writelines(...args: unknown[]): void {
    const [lines] = args;
    if (args.length !== 1) fail('errors-writelines', `it got ${args.length} arguments`);
    if (typeof (lines as Iterable<unknown> | null | undefined)?.[Symbol.iterator] !== 'function') {
      fail('errors-writelines', `it got ${shapeOf(lines)}`);
    }
    this.#inner.writelines(checkedLines(lines as Iterable<unknown>));
  }

  flush(...args: unknown[]): void {
    if (args.length !== 0) fail('errors-flush', `it got ${args.length}`);
    this.#inner.flush();
  }

  close(): void {
    fail('errors-closed', 'it called close()');
  }

  /** Streams that keep their text tell it so. */
  toString(): string {
    return String(this.#inner);
  }
}

function* checkedLines(lines: Iterable<unknown>): Generator<string, void, undefined> {
  for (const line of lines) {
    if (typeof line !== 'string') fail('errors-writelines', `an item is ${shapeOf(line)}`);
    yield line;
  }
}
