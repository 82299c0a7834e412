/** `toFetchHandler`: a WSGI application as a function from `Request` to `Response`, for Hono and other fetch servers. */
import { closeWaitsOf, Running } from '../../../current-request.js';
import { buildEnviron, type GatewayFacts, gatewayFacts } from '../../../environ/environ.js';
import { TextErrorStream } from '../../../environ/error-stream.js';
import { BodyInput } from '../../../environ/input/input.js';
import type { Application } from '../../../environ/types.js';
import { ClientDisconnected, ConfigError } from '../../../errors.js';
import { Interpreter } from '../../../interpreter/interpreter.js';
import { report } from '../../../interpreter/report.js';
import { openHostedChannels } from '../../channels/server-channels.js';
import { hostLiteral } from '../../http/connection.js';
import type { Runner } from '../../http/exchange.js';
import { type Forwarded, forwardedFor } from '../../http/forwarded.js';
import { FETCH_OPTIONS, resolveHostedOptions } from '../../options/gateway-options.js';
import type { ResolvedOptions, ServerOptions } from '../../options/options.js';
import type { ThreadPool } from '../../threads/io/pool.js';
import { type RemoteExchange, RemoteRunner } from '../../threads/io/remote-runner.js';
import { encodeRequest } from '../../threads/shared/messages.js';
import { hasSiblings } from '../../workers/place.js';
import { type NamedApplication, openPool } from '../hosted-pool.js';
import { FetchBody } from './fetch-body.js';
import { describeRequest, type FetchInfo, type FetchRequest, mayHaveBody } from './fetch-request.js';
import { FetchSink, type FetchSinkOwner } from './fetch-sink.js';

interface AllOptions extends Pick<ServerOptions, (typeof FETCH_OPTIONS)[number]> {
  /** REMOTE_ADDR of a request, where the server's second argument does not tell it by itself. */
  readonly remoteAddr?: ((request: Request, info: unknown) => string | undefined) | undefined;
}

/** The application runs on the event loop. */
export interface FetchHandlerOptions extends Omit<AllOptions, 'threads' | 'timeout'> {
  readonly threads?: 0 | undefined;
}

/** It is named, and runs in worker threads, where it may block. */
export interface ThreadedFetchHandlerOptions extends AllOptions {
  readonly threads: number;
}

export interface FetchHandler {
  /** @param info what the server tells of the connection: see `FetchInfo`. */
  (request: Request, info?: unknown): Promise<Response>;
  /**
   * Ends what requests wait for in `subscribe()`, and the threads, once what runs in them is done; the second call ends that
   * too.
   */
  readonly close: () => Promise<void>;
  /** As that of `toNodeHandler`. */
  readonly ready: Promise<void>;
}

/**
 * The gateway on a server that speaks the Fetch standard. There is no `wsgi.websocket` and no `wsgi.early_hints`.
 * The promise never rejects: an application that fails is answered with 500.
 * @param application with the option `threads` its name: see `toNodeHandler`.
 * @throws ConfigError for options that cannot work, or are the server's; an application that is not a function, or with
 *   threads not a name.
 */
export function toFetchHandler(application: Application, options?: FetchHandlerOptions): FetchHandler;
export function toFetchHandler(
  application: NamedApplication,
  options: ThreadedFetchHandlerOptions,
): FetchHandler;
export function toFetchHandler(
  application: Application | NamedApplication,
  given: FetchHandlerOptions | ThreadedFetchHandlerOptions = {},
): FetchHandler {
  const { remoteAddr, ...rest }: AllOptions = given;
  const options = resolveHostedOptions('toFetchHandler', FETCH_OPTIONS, rest);
  if (options.threads === 0 && rest.timeout !== undefined) {
    throw new ConfigError(
      "toFetchHandler has no option timeout without threads: that is for the server, which is the host's here",
    );
  }
  const pool = openPool('toFetchHandler', application, options);
  const channels = openHostedChannels(options.channels, pool);
  const running = new Running();
  const gateway: FetchGateway = {
    application: application as Application,
    pool,
    running,
    stopping: false,
    options,
    facts: gatewayFacts(options, new TextErrorStream(), { multiprocess: hasSiblings }),
    remoteAddr,
    forwarded: forwardedFor(options),
  };
  const handler = (request: Request, info?: unknown) =>
    new FetchExchange(gateway, request).run(info as FetchInfo | undefined);
  let closing = false;
  return Object.assign(handler, {
    close: async () => {
      gateway.stopping = true;
      closeWaitsOf(gateway);
      if (pool === undefined && channels.none) return;
      if (!closing) {
        closing = true;
        await running.idle;
      }
      await pool?.close();
      await channels.close();
    },
    ready: channels.ready,
  });
}

interface FetchGateway {
  stopping: boolean;
  readonly application: Application;
  /** Undefined: the application runs on the event loop. */
  readonly pool: ThreadPool | undefined;
  readonly running: Running;
  readonly options: ResolvedOptions;
  readonly facts: GatewayFacts;
  readonly remoteAddr: AllOptions['remoteAddr'];
  readonly forwarded: Forwarded | undefined;
}

/** One request and its response. */
class FetchExchange implements FetchSinkOwner, RemoteExchange {
  readonly sink: FetchSink;
  readonly message: Request;
  readonly #gateway: FetchGateway;
  readonly #request: Request;
  readonly #interpreter: Interpreter;
  /** The interpreter, or the I/O thread's side of a thread that has it. */
  #runner: Runner;
  readonly #aborter = new AbortController();
  #body: FetchBody | undefined;

  constructor(gateway: FetchGateway, request: Request) {
    this.#gateway = gateway;
    this.#request = request;
    this.message = request;
    this.sink = new FetchSink(this, gateway.options.ident);
    this.#interpreter = new Interpreter(this.sink, request, report, gateway);
    this.#runner = this.#interpreter;
    gateway.running.count++;
  }

  get service(): FetchGateway {
    return this.#gateway;
  }

  run(info: FetchInfo | undefined): Promise<Response> {
    const { signal } = this.#request;
    if (signal.aborted) this.#disconnect(new ClientDisconnected());
    else {
      signal.addEventListener('abort', this.#onAbort);
      this.#call(info);
    }
    return this.sink.response;
  }

  cancelled(): void {
    this.#disconnect(new ClientDisconnected('the body of the response was cancelled'));
  }

  done(): void {
    this.#gateway.running.end();
    this.#runner.finished?.();
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#body?.discard();
  }

  #call(info: FetchInfo | undefined): void {
    const { pool, application, facts, forwarded } = this.#gateway;
    try {
      const { head, connection } = this.#describe(info);
      const body = new FetchBody(this.#request, this.#gateway.options.limitRequestBody || Infinity);
      this.#body = body;
      if (pool !== undefined) {
        const runner = new RemoteRunner(pool, this, () => encodeRequest(head, connection, undefined));
        this.#runner = runner;
        runner.start(mayHaveBody(this.#request) ? body : undefined);
        return;
      }
      const services = { input: new BodyInput(body), aborter: this.#aborter };
      const environ = buildEnviron(head, connection, facts, services);
      forwarded?.apply(environ);
      this.#interpreter.run(application, environ);
    } catch (error) {
      this.#runner.fail(error);
    }
  }

  #describe(info: FetchInfo | undefined): FetchRequest {
    const { options, remoteAddr } = this.#gateway;
    const request = this.#request;
    const { head, connection } = describeRequest(request, info);
    const own = {
      ...connection,
      serverName: options.serverName === undefined ? connection.serverName : hostLiteral(options.serverName),
      remoteAddr: remoteAddr?.(request, info) ?? connection.remoteAddr,
    };
    return { head, connection: own };
  }

  readonly #onAbort = (): void => this.#disconnect(new ClientDisconnected());

  #disconnect(error: ClientDisconnected): void {
    if (this.#aborter.signal.aborted) return;
    this.#aborter.abort(error);
    this.#runner.disconnect(error);
    this.sink.disconnect(error);
  }
}
