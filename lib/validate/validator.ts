/** The validator, Python's `wsgiref.validate.validator`: read this file first. Rules are in rules.ts. */
import { FileWrapper } from '../environ/file/file-wrapper.js';
import { isPromise } from '../environ/maybe-promise.js';
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Environ,
  MaybePromise,
  StartResponse,
} from '../environ/types.js';
import { abandon, checkIterator, ValidatedBody, watchFile } from './body.js';
import { checkEnviron } from './check-environ.js';
import { ValidatedErrors } from './error-stream.js';
import { Exchange, mark, outerExchange, within } from './exchange.js';
import { validatedInput } from './input.js';
import { warnOfOpenChildren } from './middleware.js';
import type { ValidatorOptions } from './rule.js';
import { checkNotDoomed, validatedStartResponse } from './start-response.js';
import { fail, shapeOf, WsgiAssertionError } from './violation.js';

/**
 * An application that does what `application` does, and checks both it and the server that calls it. Where a rule is
 * broken a `WsgiAssertionError` is thrown to the side that broke it; doubtful things are warned of, once in a process.
 * Put around a middleware and around the application inside it, it checks the middleware too.
 */
export function validator<E extends AnyEnviron = Environ>(
  application: ApplicationOn<E>,
  options: ValidatorOptions = {},
): ApplicationOn<E> {
  if (typeof application !== 'function') fail('app-not-callable', `it is ${shapeOf(application)}`);
  return (...args: unknown[]) => {
    const [environ, start_response] = args;
    if (args.length !== 2) fail('app-arguments', `it was called with ${args.length}`);
    checkEnviron(environ);
    if (typeof start_response !== 'function') {
      fail('start-response-not-callable', `it is ${shapeOf(start_response)}`);
    }
    return new Call(environ as E, options).run(application, start_response as StartResponse);
  };
}

/** One call of the application. */
class Call<E extends AnyEnviron> {
  readonly #environ: E;
  readonly #options: ValidatorOptions;
  readonly #exchange: Exchange;

  /** @param environ changed in place, as wsgiref does: middleware may look at it after the call. */
  constructor(environ: E, options: ValidatorOptions) {
    this.#environ = environ;
    this.#options = options;
    this.#exchange = new Exchange(environ, outerExchange(environ));
    const errors = new ValidatedErrors(environ['wsgi.errors']);
    mark(errors, this.#exchange);
    const streams: Record<string, unknown> = environ;
    streams['wsgi.errors'] = errors;
    streams['wsgi.input'] = validatedInput(environ['wsgi.input'], {
      terminated: Boolean(environ['wsgi.input_terminated']),
      length: Number(environ.CONTENT_LENGTH ?? 0),
    });
  }

  run(application: ApplicationOn<E>, start_response: StartResponse): MaybePromise<Body> {
    const exchange = this.#exchange;
    const start = validatedStartResponse(exchange, start_response, this.#options);
    try {
      const result = within(exchange, () => application(this.#environ, start));
      if (!isPromise(result)) return this.#returned(result);
      return Promise.resolve(result)
        .then((body) => this.#returned(body))
        .catch((error) => this.#threw(error));
    } catch (error) {
      return this.#threw(error);
    }
  }

  #returned(body: unknown): Body {
    const exchange = this.#exchange;
    exchange.returned = true;
    if (exchange.hijacked) return body as Body;
    try {
      checkNotDoomed(exchange);
      checkIterator(body);
      if (!(body instanceof FileWrapper)) return new ValidatedBody(body, exchange, this.#options) as Body;
      watchFile(body, exchange);
      return body;
    } catch (error) {
      // The server will not see this body, so it cannot close it.
      abandon(() => (body as { close?(): unknown } | null | undefined)?.close?.());
      throw error;
    }
  }

  #threw(error: unknown): never {
    this.#exchange.returned = true;
    // A violation is enough to report: what was left open is due to it.
    if (!(error instanceof WsgiAssertionError)) warnOfOpenChildren(this.#exchange);
    throw error;
  }
}
