/** One request's response: what a handler says (status, headers, what it returns) as the gateway wants it. */
import { andThen, isPromise } from '../environ/maybe-promise.js';
import type {
  AnyEnviron,
  Body,
  Bytes,
  Environ,
  ExcInfo,
  MaybePromise,
  StartResponse,
  Write,
} from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import { abandon, discard, isReady, lengthOf, toBody } from './body.js';
import { Failure } from './failure.js';
import { completeHeaders, type HeaderPair, toHeaders, withLength } from './headers.js';
import type { Head } from './lazy-body.js';
import { toBytes } from './part.js';
import type { FrameworkStartResponse, FrameworkWrite, Handler } from './routes.js';
import { toStatus } from './status.js';
import { isGone } from './thrown.js';

const EMPTY = Buffer.alloc(0);

export interface ResponseOptions {
  /** Where the report button of the error page leads: see ErrorPageOptions. */
  readonly issueTracker?: string | undefined;
}

/**
 * The gateway's `start_response` is called once, when the handler has returned and the first part of the body is at
 * hand: until then every failure becomes an error page.
 */
export class Response<E extends AnyEnviron = Environ> implements Head {
  readonly environ: E;
  /** HEAD: the head is that of GET, and there is no body (RFC 9110 section 9.3.2). */
  readonly isHead: boolean;
  status = '200 OK';
  headers: HeaderPair[] = [];
  /** Of a response that names none itself. */
  contentType = 'text/html; charset=utf-8';
  /** The handler has called `start_response`. */
  called = false;
  /** The gateway's `start_response` has been called: too late for another head. */
  sent = false;

  readonly #gateway: StartResponse;
  readonly #failure: Failure;
  // What is needed after the handler ran is taken from environ before: it may change or empty that.
  readonly #websocket: AnyEnviron['wsgi.websocket'];
  readonly #fileWrapper: Environ['wsgi.file_wrapper'] | undefined;
  #excInfo: ExcInfo | undefined;
  #gatewayWrite: Write | undefined;

  constructor(environ: E, start_response: StartResponse, options: ResponseOptions = {}) {
    this.environ = environ;
    this.isHead = environ.REQUEST_METHOD === 'HEAD';
    this.#gateway = start_response;
    this.#failure = new Failure(environ, options.issueTracker);
    this.#websocket = environ['wsgi.websocket'];
    this.#fileWrapper = environ['wsgi.file_wrapper'];
  }

  /** Runs `handler` and returns the WSGI body: at once if the handler returned at once. */
  run(handler: Handler<E>): MaybePromise<Body> {
    try {
      const value = handler(this.environ, this.start_response);
      if (!isPromise(value)) return this.#finish(value);
      return Promise.resolve(value)
        .then((result) => this.#finish(result))
        .catch((thrown: unknown) => [this.fail(thrown)]);
    } catch (thrown) {
      return [this.fail(thrown)];
    }
  }

  /** What the handler gets. A function by itself: handlers pass it on. */
  readonly start_response: FrameworkStartResponse = (status = 200, headers = [], exc_info = null) => {
    if (this.called && exc_info === null) return this.write;
    const line = toStatus(status);
    const pairs = toHeaders(headers);
    if (this.sent) this.#restart(line, pairs, exc_info);
    this.called = true;
    this.status = line;
    this.headers = pairs;
    this.#excInfo = exc_info ?? undefined;
    return this.write;
  };

  /** What `start_response` returns: sends the head, then `data`, without waiting for the handler to return. */
  readonly write: FrameworkWrite = (data) => {
    const block = toBytes(data);
    if (this.begin() && !this.isHead) return this.#gatewayWrite?.(block);
  };

  /**
   * Calls the gateway's `start_response`, once. False if a WebSocket took the place of the response.
   * @param length of the body, if it is known: on HEAD, where the gateway does not see one and cannot tell it.
   */
  begin(length?: number): boolean {
    if (this.#websocket?.opened) return false;
    if (this.sent) return true;
    const headers = completeHeaders(this.status, this.headers, this.contentType);
    const all = this.isHead && length !== undefined ? withLength(this.status, headers, length) : headers;
    this.#gatewayWrite = this.#startGateway(this.status, all, this.#excInfo);
    return true;
  }

  /**
   * The error page, in place of everything that was said before.
   * @throws what was thrown, if the head was sent, a WebSocket is open, or the client left: the gateway handles it.
   */
  fail(thrown: unknown): Bytes {
    const opened = this.#websocket?.opened === true;
    if (opened) this.#failure.logWebSocket(thrown);
    if (opened || this.sent || isGone(thrown)) throw thrown;
    const page = this.#failure.answer(thrown);
    const headers: HeaderPair[] = [
      ['Content-Type', 'text/html; charset=utf-8'],
      ['Content-Length', String(page.body.length)],
    ];
    this.#startGateway(page.status, headers, page.excInfo);
    return this.isHead ? EMPTY : page.body;
  }

  #finish(value: unknown): MaybePromise<Body> {
    if (this.#websocket?.opened) return andThen(discard(value), () => []);
    if (value instanceof Blob && value.type !== '') this.contentType = value.type;
    const body = toBody(value, this, this.#fileWrapper);
    try {
      if (isReady(body)) {
        if (this.isHead) return this.#withoutBody(body);
        this.begin();
      }
    } catch (thrown) {
      abandon(body);
      throw thrown;
    }
    return body;
  }

  /** `body` is not sent, and still closed when the gateway is done. */
  #withoutBody(body: Body): Body {
    this.begin(lengthOf(body));
    return Array.isArray(body) ? [] : Object.assign([], { close: () => discard(body) });
  }

  /** A head after the head: allowed to fail only in PEP 3333's way, by throwing the error that it brings. */
  #restart(status: string, headers: HeaderPair[], exc_info: ExcInfo | null): void {
    if (exc_info === null) {
      throw new ApplicationError('start_response() was called after the first part of the body was sent');
    }
    this.#gateway(status, headers, exc_info);
  }

  #startGateway(status: string, headers: HeaderPair[], exc_info: ExcInfo | undefined): Write {
    const write =
      exc_info === undefined ? this.#gateway(status, headers) : this.#gateway(status, headers, exc_info);
    this.sent = true;
    // PEP 3333: no reference to exc_info outlives the call.
    this.#excInfo = undefined;
    return write;
  }
}
