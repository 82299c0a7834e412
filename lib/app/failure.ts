/** A handler failed: what the client is told, and what the log is told. */
import type { AnyEnviron, ErrorStream, ExcInfo } from '../environ/types.js';
import { RequestError } from '../errors.js';
import { logger } from '../logger.js';
import { errorPage, requestErrorPage } from './error-page.js';
import { pathText } from './routes.js';
import { toStatus } from './status.js';
import { isGone, oneLine, thrownMessage, thrownStack, thrownType, toExcInfo } from './thrown.js';

export interface FailurePage {
  readonly status: string;
  readonly body: Buffer;
  readonly excInfo: ExcInfo;
}

export class Failure {
  readonly #method: string;
  readonly #scriptName: string;
  readonly #pathInfo: string;
  readonly #errors: ErrorStream | undefined;
  readonly #issueTracker: string | undefined;

  /** To be made before the handler runs, which may empty `environ`. */
  constructor(environ: AnyEnviron, issueTracker?: string) {
    this.#method = environ.REQUEST_METHOD;
    this.#scriptName = environ.SCRIPT_NAME ?? '';
    this.#pathInfo = environ.PATH_INFO ?? '';
    this.#errors = environ['wsgi.errors'];
    this.#issueTracker = issueTracker;
  }

  /** Logs, and makes the page. A RequestError is the client's fault: it is told so, and no exception is logged. */
  answer(thrown: unknown): FailurePage {
    const excInfo = toExcInfo(thrown);
    if (thrown instanceof RequestError && thrown.status >= 400 && thrown.status <= 599) {
      logger.info(oneLine(`${this.#request()}: ${thrown.status} ${thrown.message}`));
      const body = Buffer.from(requestErrorPage(thrown.status, thrown.message));
      return { status: toStatus(thrown.status), body, excInfo };
    }
    this.#log(thrown);
    const page = errorPage(thrown, {
      method: this.#method,
      path: this.#path(),
      debug: logger.debugging,
      issueTracker: this.#issueTracker,
    });
    return { status: toStatus(500), body: Buffer.from(page), excInfo };
  }

  /** That the peer left is how most handlers of a WebSocket end. Anything else is the gateway's to log. */
  logWebSocket(thrown: unknown): void {
    if (isGone(thrown)) logger.debug(this.#line(thrown));
  }

  /** One line for the logger, the stack for wsgi.errors: both are standard error unless someone changed that. */
  #log(thrown: unknown): void {
    logger.exception(this.#line(thrown));
    try {
      this.#errors?.write(`${thrownStack(thrown)}\n`);
    } catch (error) {
      // The page is still to be sent.
      logger.error(`wsgi.errors cannot be written: ${oneLine(thrownMessage(error))}`);
    }
  }

  #line(thrown: unknown): string {
    return oneLine(`${this.#request()}: ${thrownType(thrown)}: ${thrownMessage(thrown)}`);
  }

  #request(): string {
    return `${this.#method} ${this.#path()}`;
  }

  #path(): string {
    return pathText(this.#scriptName + this.#pathInfo);
  }
}
