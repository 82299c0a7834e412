/** What has to be done when a request is over, whatever gateway serves it: temporary files are removed then. */
import { describeThrown, logger } from '../logger.js';
import { isPromise } from './maybe-promise.js';

/** In every environ that an application is called with. No string, so that it is none of the keys of PEP 3333. */
const REQUEST_END = Symbol('wsgi.request_end');

interface EndingEnviron {
  [REQUEST_END]?: RequestEnd;
}

type Call = () => unknown;

export class RequestEnd {
  #calls: Call[] = [];
  #over = false;
  #result: unknown;

  /** The end of the request that environ, or a copy of it, is of; undefined if no gateway called with it. */
  static of(environ: object): RequestEnd | undefined {
    return (environ as EndingEnviron)[REQUEST_END];
  }

  /** @param environ gets this. */
  constructor(environ: unknown) {
    if (Object.isExtensible(environ)) (environ as EndingEnviron)[REQUEST_END] = this;
  }

  /** To be called once, at the end; if that was before, now. */
  add(call: Call): void {
    this.#calls.push(call);
    if (this.#over) this.#settle();
  }

  /**
   * The response is complete, or nobody waits for it any more, and what the application returned is closed.
   * @param result of the application's call: if it is still under way, it may be busy with what it was sent.
   */
  come(result: unknown): void {
    this.#over = true;
    this.#result = result;
    if (this.#calls.length > 0) this.#settle();
  }

  #settle(): void {
    const call = () => {
      for (const one of this.#calls.splice(0)) run(one);
    };
    if (isPromise(this.#result)) this.#result.then(call, call);
    else call();
  }
}

async function run(call: Call): Promise<void> {
  try {
    await call();
  } catch (error) {
    logger.error(`What was to be done at the end of a request failed\n${describeThrown(error)}`);
  }
}
