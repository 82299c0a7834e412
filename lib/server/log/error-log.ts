/** The error log of a server: what it logs itself, and what applications write to `wsgi.errors`. */
import { TextErrorStream } from '../../environ/error-stream.js';
import { logger } from '../../logger.js';
import type { ResolvedOptions } from '../options/options.js';
import { JsonErrors } from './json-errors.js';
import { type LogTarget, openLog } from './log-file.js';

export class ErrorLog {
  /** `wsgi.errors` of every request. */
  readonly errors: TextErrorStream;
  readonly #target: LogTarget;
  readonly #json: JsonErrors | undefined;

  /** Opens it; from now on the logger of this package writes there. */
  constructor({ errorLogfile, logFormat }: ResolvedOptions) {
    this.#target = openLog(errorLogfile, process.stderr, logFormat);
    if (errorLogfile !== '-' || logFormat === 'json') logger.stream = this.#target;
    this.#json = logFormat === 'json' ? new JsonErrors(this.#target) : undefined;
    this.errors = new TextErrorStream(this.#json ?? this.#target);
  }

  close(): void {
    this.#json?.flush();
    if (logger.stream === this.#target) logger.stream = process.stderr;
    this.#target.close?.();
  }
}
