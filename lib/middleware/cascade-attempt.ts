/** One application of a cascade, which may be passed over: its `start_response`, and its body. */
import { Fifo } from '../environ/fifo.js';
import { andThen, ignore } from '../environ/maybe-promise.js';
import type { Body, Bytes, MaybePromise, StartResponse, Write } from '../environ/types.js';
import { ApplicationError } from '../errors.js';

/**
 * The `start_response` of one application: the first status that is not caught goes to the server, and so does all that
 * follows. A caught one goes nowhere: until the next application is called, the application may replace it with
 * `exc_info`.
 */
export class Attempt {
  readonly #start_response: StartResponse;
  readonly #caught: ReadonlySet<string>;
  #state: 'open' | 'taken' | 'caught' | 'passed over' = 'open';

  constructor(start_response: StartResponse, caught: ReadonlySet<string>) {
    this.#start_response = start_response;
    this.#caught = caught;
  }

  /** The response is this application's. */
  get isTaken(): boolean {
    return this.#state === 'taken';
  }

  /** True if the status is a caught one; it is then too late for another. */
  isPassedOver(): boolean {
    if (this.#state === 'caught') this.#state = 'passed over';
    return this.#state === 'passed over';
  }

  start(...args: Parameters<StartResponse>): Write {
    const [status, , exc_info] = args;
    if (this.#state === 'passed over') return ignore;
    if (this.#state === 'caught' && (exc_info === undefined || exc_info === null)) {
      throw new ApplicationError(
        'start_response was already called: to replace what it was given, pass exc_info',
      );
    }
    if (this.#state === 'taken' || !this.#isCaught(status)) {
      this.#state = 'taken';
      return this.#start_response(...args);
    }
    this.#state = 'caught';
    return ignore;
  }

  /** What is not a status goes to the server, which refuses it. */
  #isCaught(status: unknown): boolean {
    return typeof status === 'string' && this.#caught.has(status.split(' ', 1)[0] as string);
  }
}

type Step = IteratorResult<Bytes, unknown>;

interface Puller {
  next(): MaybePromise<Step>;
  return?(): unknown;
}

const DONE: Step = { done: true, value: undefined };

const FOR_AWAIT = 'An application of cascade() is asynchronous: iterate its body with `for await`';

/**
 * The body of an application that calls `start_response` in its first step only, as a generator does.
 *
 * Steps through `body`; if a step shows that it is passed over, closes it, and goes on with what `next` gives.
 * Iterates without a promise as long as the applications do.
 */
export class LazyBody implements AsyncIterable<Bytes> {
  /** Only if the first body has one: an asynchronous body must not look like a synchronous one. */
  declare readonly [Symbol.iterator]?: () => Iterator<Bytes>;
  #body: Body;
  /** It is still to be closed. */
  #open = true;
  #puller: Puller | undefined;
  /** Undefined once the next application was called: the rest is between that and the server. */
  #attempt: Attempt | undefined;
  readonly #next: (written: Fifo<Bytes>) => MaybePromise<Body>;
  /** What later applications wrote, which are called by a step of this body: it must be yielded, not written. */
  readonly #written = new Fifo<Bytes>();
  /** No more will be asked for. */
  #ended = false;

  /** @param next calls the next application, and keeps in its argument what that writes. */
  constructor(body: Body, attempt: Attempt, next: (written: Fifo<Bytes>) => MaybePromise<Body>) {
    this.#body = body;
    this.#attempt = attempt;
    this.#next = next;
    if (!(Symbol.asyncIterator in body)) {
      this[Symbol.iterator] = () => ({
        next: () => atOnce(this.#step()),
        return: () => atOnce(this.#return()),
      });
    }
  }

  /** `for await` takes steps that are not promises, and so does our gateway, which need not wait for them. */
  [Symbol.asyncIterator](): AsyncIterator<Bytes> {
    const puller: Puller = { next: () => this.#step(), return: () => this.#return() };
    return puller as AsyncIterator<Bytes>;
  }

  close(): unknown {
    this.#ended = true;
    return this.#closeBody();
  }

  /** Once for each body, also if its `close()` throws. */
  #closeBody(): unknown {
    if (!this.#open) return undefined;
    this.#open = false;
    return closeBody(this.#body);
  }

  #step(): MaybePromise<Step> {
    if (this.#ended) return DONE;
    const value = this.#written.shift();
    if (value !== undefined) return { done: false, value };
    this.#puller ??= iterate(this.#body);
    return andThen(this.#puller.next(), (step) =>
      this.#attempt?.isPassedOver() ? this.#passOver(step) : step,
    );
  }

  /**
   * The item is dropped, and nothing takes its place: what comes before the next application has called start_response
   * would be a body without a head (PEP 3333 "Specification Details").
   */
  #passOver(step: Step): MaybePromise<Step> {
    this.#attempt = undefined;
    const puller = this.#puller;
    this.#puller = undefined;
    return andThen(step.done ? undefined : puller?.return?.(), () =>
      andThen(this.#closeBody(), () =>
        this.#ended ? DONE : andThen(this.#next(this.#written), (body) => this.#goOn(body)),
      ),
    );
  }

  #goOn(body: Body): MaybePromise<Step> {
    // The client went away while the application was getting ready.
    if (this.#ended) return andThen(closeBody(body), () => DONE);
    this.#body = body;
    this.#open = true;
    return this.#step();
  }

  #return(): MaybePromise<Step> {
    this.#ended = true;
    const puller = this.#puller;
    this.#puller = undefined;
    return andThen(puller?.return?.(), () => DONE);
  }
}

/** A list starts nothing; what is not iterable the server refuses. */
export function isLazy(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

/** PEP 3333: "If the iterable returned by the application has a close() method"; a promise where that gave one. */
export function closeBody(body: Body): unknown {
  return (body as Body | null | undefined)?.close?.();
}

/** An asynchronous iterator is preferred where there are both. */
function iterate(body: Body): Puller {
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = Object(body) as {
    [Symbol.asyncIterator]?: () => Puller;
    [Symbol.iterator]?: () => Puller;
  };
  const iterator = async ?? sync;
  if (iterator === undefined) throw new ApplicationError('An application of cascade() returned no iterable');
  return iterator.call(body);
}

function atOnce(step: MaybePromise<Step>): IteratorResult<Bytes> {
  if (step instanceof Promise) {
    // A rejection that nothing handles would end the process.
    step.catch(ignore);
    throw new TypeError(FOR_AWAIT);
  }
  return step as IteratorResult<Bytes>;
}
