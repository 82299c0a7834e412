/** `runWsgiApp`: one call of an application with an environ that is there, by the rules of the gateway. */
import type { Application, Environ } from '../environ/types.js';
import { keepErrors } from './memory-errors.js';
import { MemoryExchange } from './memory-exchange.js';
import type { TestResponse } from './test-response.js';

export interface RunOptions {
  /** What the application throws is thrown here. Default: true; false answers with 500, as a server does. */
  readonly throwErrors?: boolean | undefined;
  /** Resolve with the head, and let the application go on as the body is read. Default: false. */
  readonly stream?: boolean | undefined;
}

/**
 * The application gets a copy of `environ`. What it writes to `wsgi.errors` goes where it would, and is in
 * `response.errors` as well.
 * @throws what the application throws, and ApplicationError for a rule of PEP 3333 that it breaks.
 */
export function runWsgiApp(
  application: Application,
  environ: Readonly<Record<string, unknown>>,
  { throwErrors = true, stream = false }: RunOptions = {},
): Promise<TestResponse> {
  const { REQUEST_METHOD, SCRIPT_NAME = '', PATH_INFO = '' } = environ;
  const named = { method: String(REQUEST_METHOD), url: `${SCRIPT_NAME}${PATH_INFO}` };
  const exchange = new MemoryExchange({ named, throwErrors, stream });
  return exchange.run(application, () => {
    const copy = Object.assign(Object.create(null) as Environ, environ);
    return { environ: copy, errors: keepErrors(copy) };
  });
}
