/** `toFetchHandler`: a WSGI application as a function from `Request` to `Response`, for Hono and other fetch servers. */
import { buildEnviron, type GatewayFacts, gatewayFacts } from '../../../environ/environ.js';
import { TextErrorStream } from '../../../environ/error-stream.js';
import { BodyInput } from '../../../environ/input/input.js';
import type { Application, Environ } from '../../../environ/types.js';
import { ClientDisconnected } from '../../../errors.js';
import { checkApplication } from '../../../interpreter/application-faults.js';
import { Interpreter } from '../../../interpreter/interpreter.js';
import { report } from '../../../interpreter/report.js';
import { hostLiteral } from '../../http/connection.js';
import { type Forwarded, forwardedFor } from '../../http/forwarded.js';
import { FETCH_OPTIONS, resolveHostedOptions } from '../../options/gateway-options.js';
import type { ResolvedOptions, ServerOptions } from '../../options/options.js';
import { FetchBody } from './fetch-body.js';
import { describeRequest, type FetchInfo } from './fetch-request.js';
import { FetchSink, type FetchSinkOwner } from './fetch-sink.js';

export interface FetchHandlerOptions extends Pick<ServerOptions, (typeof FETCH_OPTIONS)[number]> {
  /** REMOTE_ADDR of a request, where the server's second argument does not tell it by itself. */
  readonly remoteAddr?: (request: Request, info: unknown) => string | undefined;
}

/** @param info what the server tells of the connection: see `FetchInfo`. */
export type FetchHandler = (request: Request, info?: unknown) => Promise<Response>;

/**
 * The gateway on a server that speaks the Fetch standard. There is no `wsgi.websocket` and no `wsgi.early_hints`.
 * The promise never rejects: an application that fails is answered with 500.
 * @throws ConfigError for options that cannot work, or are the server's; an application that is not a function.
 */
export function toFetchHandler(application: Application, given: FetchHandlerOptions = {}): FetchHandler {
  checkApplication(application);
  const { remoteAddr, ...rest } = given;
  const options = resolveHostedOptions('toFetchHandler', FETCH_OPTIONS, rest);
  const gateway: FetchGateway = {
    application,
    options,
    facts: gatewayFacts(options, new TextErrorStream()),
    remoteAddr,
    forwarded: forwardedFor(options),
  };
  return (request, info) => new FetchExchange(gateway, request).run(info as FetchInfo | undefined);
}

interface FetchGateway {
  readonly application: Application;
  readonly options: ResolvedOptions;
  readonly facts: GatewayFacts;
  readonly remoteAddr: FetchHandlerOptions['remoteAddr'];
  readonly forwarded: Forwarded | undefined;
}

/** One request and its response. */
class FetchExchange implements FetchSinkOwner {
  readonly #gateway: FetchGateway;
  readonly #request: Request;
  readonly #sink: FetchSink;
  readonly #interpreter: Interpreter;
  readonly #aborter = new AbortController();
  #body: FetchBody | undefined;

  constructor(gateway: FetchGateway, request: Request) {
    this.#gateway = gateway;
    this.#request = request;
    this.#sink = new FetchSink(this, gateway.options.ident);
    this.#interpreter = new Interpreter(this.#sink, request, report);
  }

  run(info: FetchInfo | undefined): Promise<Response> {
    const { signal } = this.#request;
    if (signal.aborted) this.#disconnect(new ClientDisconnected());
    else {
      signal.addEventListener('abort', this.#onAbort);
      this.#call(info);
    }
    return this.#sink.response;
  }

  cancelled(): void {
    this.#disconnect(new ClientDisconnected('the body of the response was cancelled'));
  }

  done(): void {
    this.#request.signal.removeEventListener('abort', this.#onAbort);
    this.#body?.discard();
  }

  #call(info: FetchInfo | undefined): void {
    let environ: Environ;
    try {
      environ = this.#describe(info);
    } catch (error) {
      this.#interpreter.fail(error);
      return;
    }
    this.#interpreter.run(this.#gateway.application, environ);
  }

  #describe(info: FetchInfo | undefined): Environ {
    const { options, facts, remoteAddr, forwarded } = this.#gateway;
    const request = this.#request;
    const { head, connection } = describeRequest(request, info);
    this.#body = new FetchBody(request, options.limitRequestBody || Number.POSITIVE_INFINITY);
    const own = {
      ...connection,
      serverName: options.serverName === undefined ? connection.serverName : hostLiteral(options.serverName),
      remoteAddr: remoteAddr?.(request, info) ?? connection.remoteAddr,
    };
    const environ = buildEnviron(head, own, facts, {
      input: new BodyInput(this.#body),
      aborter: this.#aborter,
    });
    forwarded?.apply(environ);
    return environ;
  }

  readonly #onAbort = (): void => this.#disconnect(new ClientDisconnected());

  #disconnect(error: ClientDisconnected): void {
    if (this.#aborter.signal.aborted) return;
    this.#aborter.abort(error);
    this.#interpreter.disconnect(error);
    this.#sink.disconnect(error);
  }
}
