/** `Client`: requests to an application in its own process, without a socket. */
import { inspect } from 'node:util';
import { isUint8Array } from 'node:util/types';
import { runSteps, type Steps, step } from '../environ/maybe-promise.js';
import { TOKEN } from '../environ/syntax.js';
import type {
  AnyEnviron,
  Application,
  ApplicationOn,
  BlockingApplication,
  BlockingEnviron,
} from '../environ/types.js';
import { checkApplication } from '../interpreter/application-faults.js';
import { checkOptionNames } from '../option-names.js';
import type { MemoryErrors } from '../util/testing-defaults.js';
import { type Address, parseSite } from './address.js';
import type { CookieScope } from './cookie.js';
import { CookieJar } from './cookie-jar.js';
import { EnvironBuilder, headerPairs } from './environ-builder.js';
import type { RunOptions } from './memory-exchange.js';
import { keepErrors, MemoryExchange } from './memory-exchange.js';
import { isRedirect, RedirectError, redirectOptions, redirectTarget } from './redirect.js';
import {
  REQUEST_OPTIONS,
  type RequestHeaders,
  type RequestOptions,
  SITE_OPTIONS,
  type SiteOptions,
} from './request-options.js';
import { type MessageScript, ScriptedWebSocket } from './scripted-websocket.js';
import type { TestResponse } from './test-response.js';
import type { WebSocketEnd, WebSocketSession } from './websocket-session.js';

/** How the application of a client is called: on the event loop, or on the spot because it blocks. */
export type ClientMode = 'async' | 'blocking';

/** What a request gives: a promise, or the response itself. */
type Given<M extends ClientMode, T> = M extends 'blocking' ? T : Promise<T>;

export interface ClientOptions extends SiteOptions {
  readonly blocking?: false | undefined;
  /** Sent with every request that does not name the same header itself. */
  readonly headers?: RequestHeaders | undefined;
  /** Keep cookies from one request to the next. Default: true. */
  readonly cookies?: boolean | undefined;
  /** What the application throws is thrown in the test. Default: true; false answers with 500, as a server does. */
  readonly throwErrors?: boolean | undefined;
  /** Default: false. */
  readonly followRedirects?: boolean | undefined;
  /** A redirect to a host below that of `baseUrl` stays with the application. Default: false. */
  readonly subdomainRedirects?: boolean | undefined;
}

/**
 * The application blocks, as in a worker thread (`node.nonblocking` is false): it is called on the spot, and the client's
 * methods return what they otherwise promise.
 */
export interface BlockingClientOptions extends Omit<ClientOptions, 'blocking'> {
  readonly blocking: true;
}

export interface CallOptions extends RequestOptions, RunOptions {
  /** Follow redirects within the application; `response.history` has them. Default: that of the client. */
  readonly followRedirects?: boolean | undefined;
  /** Fires when the client is to leave, answered or not: `node.abort_signal` fires, the call rejects. */
  readonly signal?: AbortSignal | undefined;
}

export interface WebSocketOptions
  extends Pick<RequestOptions, 'query' | 'headers' | 'auth' | 'environ'>,
    Pick<RunOptions, 'throwErrors'> {
  /** The subprotocols to ask for, the best first. */
  readonly protocols?: readonly string[] | undefined;
}

/** A WebSocket of an application that blocks. */
export interface ScriptOptions extends WebSocketOptions {
  /** What the client sends, one after another. Default: nothing. */
  readonly messages?: MessageScript | undefined;
  /** How the client closes after that, if the application does not. Default: 1000, and no reason. */
  readonly close?: WebSocketEnd | undefined;
}

/** What the methods named after a method of HTTP take. */
export type MethodOptions = Omit<CallOptions, 'method'>;

const CLIENT_OPTIONS = 'blocking headers cookies throwErrors followRedirects subdomainRedirects'.split(' ');
const CALL_OPTIONS = [...REQUEST_OPTIONS, 'followRedirects', 'throwErrors', 'stream', 'signal'];
const WEBSOCKET_OPTIONS = 'query headers auth environ throwErrors protocols'.split(' ');
const SCRIPT_OPTIONS = [...WEBSOCKET_OPTIONS, 'messages', 'close'];

/** As the Fetch standard. */
const MOST_REDIRECTS = 20;

/** `Client`. */
class MemoryClient<M extends ClientMode> {
  /** What the application set, and what the test sets. */
  readonly cookies: CookieJar;
  readonly #application: ApplicationOn<never>;
  readonly #options: ClientOptions | BlockingClientOptions;

  /** @throws ConfigError for an application that is not a function; TypeError for options that cannot work. */
  constructor(application: ApplicationOn<never>, options: ClientOptions | BlockingClientOptions = {}) {
    checkApplication(application);
    checkOptionNames('Client', options, [...SITE_OPTIONS, ...CLIENT_OPTIONS], TypeError);
    this.#application = application;
    this.#options = options;
    this.cookies = new CookieJar(parseSite(options.baseUrl ?? 'http://localhost/').hostname);
  }

  get(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'GET' });
  }

  head(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'HEAD' });
  }

  post(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'POST' });
  }

  put(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'PUT' });
  }

  patch(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'PATCH' });
  }

  delete(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'DELETE' });
  }

  options(path?: string, options?: MethodOptions): Given<M, TestResponse> {
    return this.open(path, { ...options, method: 'OPTIONS' });
  }

  /**
   * Sends a request by any method.
   * @param path percent-encoded or not, with a query or without; or a whole URL.
   * @returns the response, complete and its iterable closed; with `stream`, as soon as its head is there.
   * @throws what the application throws; TypeError for options that no request could carry, or for a promise of an
   *   application that is to block; RedirectError; ClientDisconnected if `signal` fired.
   */
  open(path = '/', options: CallOptions = {}): Given<M, TestResponse> {
    return this.#give(() => this.#request(path, options));
  }

  /** Runs the steps now, or in a promise. */
  #give<T>(steps: () => Steps<T>): Given<M, T> {
    const given = this.#options.blocking ? runSteps(steps()) : (async () => runSteps(steps()))();
    return given as Given<M, T>;
  }

  *#request(path: string, options: CallOptions): Steps<TestResponse> {
    checkOptionNames('A request of Client', options, CALL_OPTIONS, TypeError);
    const { followRedirects = this.#options.followRedirects ?? false } = options;
    const history: TestResponse[] = [];
    let builder = this.#builder(path, options);
    let response = yield* step(this.#send(builder, options));
    for (let call = options; followRedirects && isRedirect(response); ) {
      const { statusCode } = response;
      const url = redirectTarget(response, builder.address, this.#options.subdomainRedirects ?? false);
      // One of an application that blocks is complete.
      if (!this.#options.blocking) yield* step(response.finished());
      if (history.push(response) > MOST_REDIRECTS) {
        throw new RedirectError(`${path} was redirected more than ${MOST_REDIRECTS} times`, response);
      }
      call = redirectOptions(statusCode, builder.method, call, headerPairs(call.headers ?? []));
      if (call.body !== undefined && builder.content?.replayable === false) {
        throw new RedirectError(
          `The redirect with ${statusCode} asks for the body again, and an iterable has it once: give bytes`,
          response,
        );
      }
      builder = this.#builder(url, call);
      response = yield* step(this.#send(builder, call));
    }
    return history.length === 0 ? response : response.withHistory(history);
  }

  /**
   * Opens a WebSocket; settles when the application answered the handshake. An application that blocks is called to its
   * end: what the client sends is given with the call, and what the application sent is in the result.
   * @returns the open WebSocket, or one that is not `accepted`: its `response` is the refusal.
   * @throws what the application throws, on the event loop only before it answers.
   */
  websocket(
    path?: string,
    options?: M extends 'blocking' ? ScriptOptions : WebSocketOptions,
  ): M extends 'blocking' ? ScriptedWebSocket : Promise<WebSocketSession>;
  websocket(
    path = '/',
    options: ScriptOptions | WebSocketOptions = {},
  ): ScriptedWebSocket | Promise<WebSocketSession> {
    return this.#options.blocking ? this.#converse(path, options) : this.#connect(path, options);
  }

  #converse(path: string, options: ScriptOptions): ScriptedWebSocket {
    checkOptionNames('Client.websocket', options, SCRIPT_OPTIONS, TypeError);
    const { protocols = [], throwErrors = this.#options.throwErrors ?? true, ...rest } = options;
    const { messages = [], close = { code: 1000, reason: '' }, ...request } = rest;
    checkProtocols(protocols);
    if (typeof messages === 'string' || isUint8Array(messages)) {
      throw new TypeError('messages is a list, or a generator function: put a single message into a list');
    }
    const builder = this.#builder(path, request);
    const application = this.#application as BlockingApplication;
    const settings = { messages, close, protocols, throwErrors };
    const socket = ScriptedWebSocket.run(application, builder, settings);
    this.#keepCookies(socket.response, builder.address);
    return socket;
  }

  async #connect(path: string, options: WebSocketOptions): Promise<WebSocketSession> {
    checkOptionNames('Client.websocket', options, WEBSOCKET_OPTIONS, TypeError);
    const { protocols = [], throwErrors = this.#options.throwErrors ?? true, ...request } = options;
    checkProtocols(protocols);
    const builder = this.#builder(path, request);
    // Only here: it needs the server, and `ws`.
    const { WebSocketSession } = await import('./websocket-session.js');
    const session = await WebSocketSession.open(
      this.#application as Application,
      builder,
      protocols,
      throwErrors,
    );
    this.#keepCookies(session.response, builder.address);
    return session;
  }

  #builder(path: string, call: CallOptions): EnvironBuilder {
    const { baseUrl, httpVersion, environBase } = this.#options;
    const { followRedirects: _, throwErrors: __, stream: ___, signal: ____, ...request } = call;
    const own = headerPairs(call.headers ?? []);
    const named = new Set(own.map(([name]) => name.toLowerCase()));
    if (call.auth !== undefined) named.add('authorization');
    const usual = headerPairs(this.#options.headers ?? []).filter(([name]) => !named.has(name.toLowerCase()));
    const build = (headers: [string, string][]) =>
      new EnvironBuilder(path, { ...request, baseUrl, httpVersion, environBase, headers });
    const headers = [...usual, ...own];
    const builder = build(headers);
    const cookies = named.has('cookie') ? undefined : this.cookies.headerFor(scopeOf(builder.address));
    return cookies === undefined ? builder : build([...headers, ['Cookie', cookies]]);
  }

  #send(builder: EnvironBuilder, call: CallOptions): TestResponse | Promise<TestResponse> {
    const { blocking } = this.#options;
    const { throwErrors = this.#options.throwErrors ?? true, stream = false, signal } = call;
    const { method, url } = builder;
    if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
      throw new TypeError(`signal is an AbortSignal, not ${inspect(signal)}`);
    }
    if (blocking) checkBlocking(builder, stream);
    const input = builder.openInput();
    const exchange = new MemoryExchange({
      named: { method, url },
      throwErrors,
      stream,
      request: { method, url },
      input,
      signal,
    });
    const { earlyHints } = exchange;
    const kept = (response: TestResponse) => {
      this.#keepCookies(response, builder.address);
      return response;
    };
    if (!blocking) {
      const describe = () => withErrors(builder.buildWith(input, exchange, earlyHints));
      return exchange.run(this.#application as Application, describe).then(kept);
    }
    const describe = () => withErrors(builder.buildBlocking(input, exchange, earlyHints));
    return kept(exchange.runNow<BlockingEnviron>(this.#application as BlockingApplication, describe));
  }

  #keepCookies(response: TestResponse, address: Address): void {
    if (this.#options.cookies !== false) {
      this.cookies.receive(response.headerAll('set-cookie'), scopeOf(address));
    }
  }
}

type Arguments<M extends ClientMode> = M extends 'blocking'
  ? [application: BlockingApplication, options: BlockingClientOptions]
  : [application: Application, options?: ClientOptions];

/** `new Client(app)`, `new Client(app, { blocking: true })`; the type `Client` or `Client<'blocking'>` goes with it. */
interface ClientConstructor {
  /** @throws ConfigError for an application that is not a function; TypeError for options that cannot work. */
  new <M extends ClientMode = 'async'>(...given: Arguments<M>): MemoryClient<M>;
  new <M extends 'blocking'>(
    application: BlockingApplication,
    options: BlockingClientOptions,
  ): MemoryClient<M>;
}

export const Client = MemoryClient as unknown as ClientConstructor;
/** Of an application on the event loop; `Client<'blocking'>` of one that blocks. */
export type Client<M extends ClientMode = 'async'> = MemoryClient<M>;

/** @throws TypeError for what would have to wait. */
function checkBlocking({ content }: EnvironBuilder, stream: boolean): void {
  if (stream) {
    throw new TypeError('stream goes with the event loop: an application that blocks is called to its end');
  }
  if (content?.atOnce === false) {
    throw new TypeError(
      'The body of the request has to be waited for, and the application blocks: give bytes, not a Blob or an async iterable',
    );
  }
}

function withErrors<E extends AnyEnviron>(environ: E): { environ: E; errors: MemoryErrors } {
  return { environ, errors: keepErrors(environ) };
}

function scopeOf({ site, target }: Address): CookieScope {
  const [path = '/'] = target.split('?', 1);
  return { host: site.hostname, path, secure: site.scheme === 'https' };
}

/** @throws TypeError */
function checkProtocols(protocols: unknown): void {
  if (Array.isArray(protocols) && protocols.every((one) => typeof one === 'string' && TOKEN.test(one)))
    return;
  throw new TypeError(`protocols is a list of subprotocols, not ${inspect(protocols)}`);
}
