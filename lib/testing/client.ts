/** `Client`: requests to an application in its own process, without a socket. */
import type { Application } from '../environ/types.js';
import { checkApplication } from '../interpreter/application-faults.js';
import { checkOptionNames } from '../option-names.js';
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
import type { TestResponse } from './test-response.js';
import type { WebSocketSession } from './websocket-session.js';

export interface ClientOptions extends SiteOptions {
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

/** What the methods named after a method of HTTP take. */
export type MethodOptions = Omit<CallOptions, 'method'>;

const CLIENT_OPTIONS = 'headers cookies throwErrors followRedirects subdomainRedirects'.split(' ');
const CALL_OPTIONS = [...REQUEST_OPTIONS, 'followRedirects', 'throwErrors', 'stream', 'signal'];
const WEBSOCKET_OPTIONS = 'query headers auth environ throwErrors protocols'.split(' ');

/** As the Fetch standard. */
const MOST_REDIRECTS = 20;

export class Client {
  /** What the application set, and what the test sets. */
  readonly cookies: CookieJar;
  readonly #application: Application;
  readonly #options: ClientOptions;

  /** @throws ConfigError for an application that is not a function; TypeError for options that cannot work. */
  constructor(application: Application, options: ClientOptions = {}) {
    checkApplication(application);
    checkOptionNames('Client', options, [...SITE_OPTIONS, ...CLIENT_OPTIONS], TypeError);
    this.#application = application;
    this.#options = options;
    this.cookies = new CookieJar(parseSite(options.baseUrl ?? 'http://localhost/').hostname);
  }

  get(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'GET' });
  }

  head(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'HEAD' });
  }

  post(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'POST' });
  }

  put(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'PUT' });
  }

  patch(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'PATCH' });
  }

  delete(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'DELETE' });
  }

  options(path?: string, options?: MethodOptions): Promise<TestResponse> {
    return this.open(path, { ...options, method: 'OPTIONS' });
  }

  /**
   * Sends a request by any method.
   * @param path percent-encoded or not, with a query or without; or a whole URL.
   * @returns the response, complete and its iterable closed; with `stream`, as soon as its head is there.
   * @throws what the application throws; TypeError for options that no request could carry; RedirectError;
   *   ClientDisconnected if `signal` fired.
   */
  async open(path = '/', options: CallOptions = {}): Promise<TestResponse> {
    checkOptionNames('A request of Client', options, CALL_OPTIONS, TypeError);
    const { followRedirects = this.#options.followRedirects ?? false } = options;
    const history: TestResponse[] = [];
    let builder = this.#builder(path, options);
    let response = await this.#send(builder, options);
    for (let call = options; followRedirects && isRedirect(response); ) {
      const { statusCode } = response;
      const url = redirectTarget(response, builder.address, this.#options.subdomainRedirects ?? false);
      if (history.push(await response.finished()) > MOST_REDIRECTS) {
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
      response = await this.#send(builder, call);
    }
    return history.length === 0 ? response : response.withHistory(history);
  }

  /**
   * Opens a WebSocket; settles when the application answered the handshake.
   * @returns the open WebSocket, or one that is not `accepted`: its `response` is the refusal.
   * @throws what the application throws before it answers.
   */
  async websocket(path = '/', options: WebSocketOptions = {}): Promise<WebSocketSession> {
    checkOptionNames('Client.websocket', options, WEBSOCKET_OPTIONS, TypeError);
    const { protocols = [], throwErrors = this.#options.throwErrors ?? true, ...request } = options;
    const builder = this.#builder(path, request);
    // Only here: it needs the server, and `ws`.
    const { WebSocketSession } = await import('./websocket-session.js');
    const session = await WebSocketSession.open(this.#application, builder, protocols, throwErrors);
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

  async #send(builder: EnvironBuilder, call: CallOptions): Promise<TestResponse> {
    const { throwErrors = this.#options.throwErrors ?? true, stream = false, signal } = call;
    const { method, url } = builder;
    const input = builder.openInput();
    const exchange = new MemoryExchange({
      named: { method, url },
      throwErrors,
      stream,
      request: { method, url },
      input,
      signal,
    });
    const response = await exchange.run(this.#application, () => {
      const environ = builder.buildWith(input, exchange, exchange.earlyHints);
      return { environ, errors: keepErrors(environ) };
    });
    this.#keepCookies(response, builder.address);
    return response;
  }

  #keepCookies(response: TestResponse, address: Address): void {
    if (this.#options.cookies !== false) {
      this.cookies.receive(response.headerAll('set-cookie'), scopeOf(address));
    }
  }
}

function scopeOf({ site, target }: Address): CookieScope {
  const [path = '/'] = target.split('?', 1);
  return { host: site.hostname, path, secure: site.scheme === 'https' };
}
