/** Applications one after the other, until one has an answer (Rack::Cascade, Plack::App::Cascade). */
import { inspect } from 'node:util';
import type { Fifo } from '../environ/fifo.js';
import { andThen } from '../environ/maybe-promise.js';
import type {
  AnyEnviron,
  ApplicationOn,
  Body,
  Bytes,
  Environ,
  MaybePromise,
  StartResponse,
} from '../environ/types.js';
import { ConfigError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';
import { checkApplication } from './arguments.js';
import { Attempt, closeBody, isLazy, LazyBody } from './cascade-attempt.js';

export interface CascadeOptions {
  /** The statuses that mean "ask the next". Default `[404, 405]`, as Rack has it. */
  readonly catch?: readonly number[] | undefined;
}

/** Rack's; Plack has 404 alone. */
const CATCH = [404, 405];

/**
 * Answers with the first application whose status is not caught; with the last, whatever its status.
 *
 * The body of each that is passed over is closed before the next is called, what it wrote is dropped, and environ is
 * restored. `wsgi.input` is not: what one application has read of it, the next does not see. What an application throws
 * is not caught.
 * @throws ConfigError if there is no application, or a status is not one.
 */
export function cascade<E extends AnyEnviron = Environ>(
  apps: readonly ApplicationOn<E>[],
  options: CascadeOptions = {},
): ApplicationOn<E> {
  if (!Array.isArray(apps) || apps.length === 0) {
    throw new ConfigError(
      `cascade() takes an array of one application or more, not ${inspect(apps, { depth: 0 })}`,
    );
  }
  for (const app of apps) checkApplication('cascade', app, 'applications, each of them one');
  checkOptionNames('cascade()', options, ['catch']);
  const caught = statusSet(options.catch ?? CATCH);
  const all = [...apps];
  return (environ, start_response) => new Cascade(all, caught, environ, start_response).next();
}

function statusSet(statuses: unknown): ReadonlySet<string> {
  const isStatus = (value: unknown) =>
    Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 999;
  if (Array.isArray(statuses) && statuses.every(isStatus)) return new Set(statuses.map(String));
  throw new ConfigError(`catch of cascade() is an array of statuses such as 404, not ${inspect(statuses)}`);
}

/** One request on its way from application to application. */
class Cascade<E extends AnyEnviron> {
  readonly #apps: readonly ApplicationOn<E>[];
  readonly #caught: ReadonlySet<string>;
  readonly #environ: E;
  #start_response: StartResponse;
  /** environ as it came. */
  readonly #original: readonly (readonly [string, unknown])[];
  #called = 0;

  constructor(
    apps: readonly ApplicationOn<E>[],
    caught: ReadonlySet<string>,
    environ: E,
    start_response: StartResponse,
  ) {
    this.#apps = apps;
    this.#caught = caught;
    this.#environ = environ;
    this.#start_response = start_response;
    this.#original = apps.length === 1 ? [] : Object.entries(environ);
  }

  /** Calls the next application; a promise only where it, or the `close()` of one before, gave one. */
  next(): MaybePromise<Body> {
    if (this.#called > 0) this.#restore();
    const app = this.#apps[this.#called++] as ApplicationOn<E>;
    if (this.#called === this.#apps.length) return app(this.#environ, this.#start_response);
    const attempt = new Attempt(this.#start_response, this.#caught);
    const result = app(this.#environ, (...args) => attempt.start(...args));
    return andThen(result, (body) => this.#judge(attempt, body));
  }

  #judge(attempt: Attempt, body: Body): MaybePromise<Body> {
    if (attempt.isTaken) return body;
    if (attempt.isPassedOver()) return andThen(closeBody(body), () => this.next());
    // start_response comes with the first step of the body, or not at all: a WebSocket needs none.
    return isLazy(body) ? new LazyBody(body, attempt, (written) => this.#nextInBody(written)) : body;
  }

  /**
   * The server has its body by now, and `write` must not be called while it iterates that (PEP 3333 "The write()
   * Callable"): what an application writes is kept until it has returned.
   */
  #nextInBody(written: Fifo<Bytes>): MaybePromise<Body> {
    const start_response = this.#start_response;
    this.#start_response = (...args) => {
      start_response(...args);
      // A head that was replaced was never sent, nor was what was written after it.
      written.clear();
      return (data) => void written.push(data);
    };
    return this.next();
  }

  #restore(): void {
    const environ: Record<string, unknown> = this.#environ;
    const kept = new Set(this.#original.map(([key]) => key));
    for (const key of Object.keys(environ)) if (!kept.has(key)) delete environ[key];
    for (const [key, value] of this.#original) environ[key] = value;
  }
}
