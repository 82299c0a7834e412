/** An exception of Python, as an error of ours: the log shows its traceback where it would show a stack. */
import { inspect } from 'node:util';
import { ApplicationError } from '../errors.js';
import type { ToldException } from './messages.js';

export class PythonError extends ApplicationError {
  /** Python's name of the type, such as `ValueError` or `app.errors.NotFound`. */
  readonly type: string;
  /** As Python prints it; empty where the message says it all. */
  readonly traceback: string;

  constructor({ type, message, traceback }: Pick<ToldException, 'type' | 'message' | 'traceback'>) {
    super(describe(type, message));
    this.name = 'PythonError';
    this.type = type;
    this.traceback = traceback;
    // Where this object was made tells nothing of the program.
    this.stack = traceback.trimEnd() || this.message;
  }

  /** For the log: as Python would print it. After a message of the gateway's own, what Python did then. */
  [inspect.custom](): string {
    return this.traceback === '' || this.traceback.includes(this.message)
      ? (this.stack ?? this.message)
      : `${this.message}\n${this.traceback.trimEnd()}`;
  }
}

function describe(type: string, message: string): string {
  if (type === 'AssertionError' && message !== '') return message;
  if (type === 'SystemExit') return `The application called sys.exit(${message})`;
  return message === '' ? type : `${type}: ${message}`;
}

/** The Python that had the request has ended, or does not answer. */
export function lostError(why: string): ApplicationError {
  const error = new ApplicationError(why);
  error.stack = why;
  return error;
}
