/** What a server does with connections and requests: its methods are the listeners of an `http.Server`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Running } from '../../current-request.js';
import { gatewayFacts } from '../../environ/environ.js';
import type { Application, ErrorStream } from '../../environ/types.js';
import { RequestError } from '../../errors.js';
import { type Report, report } from '../../interpreter/report.js';
import type { AccessLog } from '../log/access-log.js';
import type { ResolvedOptions } from '../options/options.js';
import type { Counters } from '../status/counters.js';
import { StatusExchange } from '../status/status-exchange.js';
import type { StatusPage } from '../status/status-page.js';
import { hasSiblings } from '../workers/place.js';
import type { ServedRequests } from '../workers/served-requests.js';
import { Connection, kConnection, type WsgiSocket } from './connection.js';
import { ConnectionWatch } from './connection-watch.js';
import { Exchange, type Host, type Service } from './exchange.js';
import { forwardedFor } from './forwarded.js';
import { hasUnsent } from './node-internals.js';
import { RequestBody } from './request-body.js';
import {
  framingOf,
  HEAD_TOO_LONG,
  HeadWatch,
  type ParserError,
  parserFault,
  RequestLimits,
} from './request-head.js';

const LOST = 'Nothing can follow an upgrade with a body at once: send this request again';

export interface GatewaySettings {
  readonly options: ResolvedOptions;
  readonly errors: ErrorStream;
  readonly accessLog?: AccessLog | undefined;
  readonly counters?: Counters | undefined;
  readonly statusPage?: StatusPage | undefined;
  /** SERVER_NAME; undefined: the address that the client reached. */
  readonly serverName: string | undefined;
  /** Milliseconds that a connection waits for its next request; undefined: the host decides. */
  readonly keepAlive: number | undefined;
  /** Whose server it is; default: ours. */
  readonly host?: Host;
  /** Calls the application of an exchange; default: on the event loop. */
  readonly call?: (exchange: Exchange) => void;
  /** Default: to the log. */
  readonly report?: Report;
  readonly served?: ServedRequests | undefined;
}

export class Gateway {
  readonly service: Service;
  readonly #serverName: string | undefined;
  readonly #statusPage: StatusPage | undefined;
  readonly #silence: ConnectionWatch;
  readonly #rest: ConnectionWatch;
  readonly #bodyLimit: number;

  constructor(application: Application, settings: GatewaySettings) {
    const { options, errors, accessLog, serverName, keepAlive, host = {}, call } = settings;
    this.#serverName = serverName;
    this.#statusPage = settings.statusPage;
    this.#bodyLimit = options.limitRequestBody || Number.POSITIVE_INFINITY;
    this.service = {
      application,
      stopping: false,
      handOver: undefined,
      chanceUntil: 0,
      options,
      limits: new RequestLimits(options),
      forwarded: forwardedFor(options),
      accessLog,
      counters: settings.counters,
      report: settings.report ?? report,
      ident: options.ident,
      timeout: options.timeout * 1000,
      keepAlive,
      running: new Running(settings.served),
      host,
      call,
      closed: (connection) => this.unwatch(connection),
      facts: gatewayFacts(options, errors, { multiprocess: hasSiblings }),
    };
    this.#silence = new ConnectionWatch(
      'silence',
      this.service.timeout,
      ({ current, ending }) => current ?? (ending ? 'ends' : undefined),
      ({ current, socket }) => {
        if (current !== undefined) current.silent();
        else if (hasUnsent(socket)) socket.destroy();
      },
      options.minRate,
    );
    this.#rest = new ConnectionWatch(
      'rest',
      keepAlive ?? 0,
      // It waits for its next request, or for the rest of one that was answered.
      ({ current, ending }) => (current === undefined && !ending ? 'rests' : undefined),
      ({ socket }) => socket.destroy(),
      options.minRate,
    );
  }

  /** Listener of `request`. */
  handle(message: IncomingMessage, response: ServerResponse): void {
    const connection = this.connectionOf(message.socket);
    if (connection.idle && message.socket.writable) this.#serve(connection, message, response, false);
    else connection.enter(() => this.#serve(connection, message, response, false));
  }

  /** Listener of `checkContinue`: the client waits for `100 Continue`, which the first read sends. */
  handleExpectation(message: IncomingMessage, response: ServerResponse): void {
    const connection = this.connectionOf(message.socket);
    connection.enter(() => this.#serve(connection, message, response, true));
  }

  /** A handshake with the path of the status is an ordinary request. */
  isForStatus(message: IncomingMessage): boolean {
    return this.#statusPage?.matches(message.url as string) === true;
  }

  connectionOf(socket: WsgiSocket): Connection {
    return socket[kConnection] ?? this.#connect(socket);
  }

  #connect(socket: WsgiSocket): Connection {
    const connection = new Connection(socket, this.#serverName, this.service);
    this.#silence.add(connection);
    this.#rest.add(connection);
    return connection;
  }

  /** It is closed, or a WebSocket, which may be silent for as long as it answers pings. */
  unwatch(connection: Connection): void {
    this.#silence.forget(connection);
    this.#rest.forget(connection);
  }

  #serve(
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    expected: boolean,
  ): void {
    // An upgrade to something other than WebSocket came in again without its Upgrade header; applications see all headers.
    if (connection.upgradeHeaders !== undefined) {
      message.rawHeaders = connection.upgradeHeaders;
      connection.upgradeHeaders = undefined;
    }
    const body = this.#bodyOf(message, response, expected);
    // While it waited for its turn, its body broke off.
    if (connection.malformed !== undefined && !message.complete) body?.fail(connection.malformed);
    const page = this.#statusPage;
    if (page?.matches(message.url as string))
      new StatusExchange(page, this.service, connection, message, response, body).serve();
    else new Exchange(this.service, connection, message, response, body).serve();
  }

  #bodyOf(message: IncomingMessage, response: ServerResponse, expected: boolean): RequestBody | undefined {
    const { contentLength, transferEncoding } = framingOf(message);
    if (transferEncoding === undefined && (contentLength === undefined || contentLength === '0'))
      return undefined;
    if (this.service.host.wasRead?.(message)) return undefined;
    const declared = transferEncoding === undefined ? Number(contentLength) : undefined;
    return new RequestBody(message, response, declared, this.#bodyLimit, expected);
  }

  /** Listener of `clientError`: what came is not a request, or came too late. */
  clientError(error: ParserError, socket: WsgiSocket): void {
    const connection = this.connectionOf(socket);
    if (connection.refused) return;
    if (connection.held && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return;
    if (socket.destroyed || error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
      socket.destroy();
      return;
    }
    const seen = HeadWatch.of(socket)?.seen ?? 'nothing';
    // It is idle, which Node cannot know of one that it takes for new.
    if (connection.moved && seen === 'nothing' && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      connection.linger();
      return;
    }
    connection.refuse(parserFault(error, connection.current?.received === false, seen));
  }

  /** Listener of `connection` and `secureConnection`. */
  watchHead(socket: WsgiSocket): void {
    HeadWatch.begin(socket, this.service.options.limitRequestHead, this.#headTooLong, this.#lost);
  }

  readonly #headTooLong = (socket: WsgiSocket): void => {
    const connection = this.connectionOf(socket);
    if (!connection.refused && socket.writable) connection.refuse(new RequestError(431, HEAD_TOO_LONG));
  };

  /** The parser cannot say where the next request begins. */
  readonly #lost = (socket: WsgiSocket): void => {
    const connection = this.connectionOf(socket);
    if (!connection.refused && socket.writable) connection.refuse(new RequestError(503, LOST));
  };

  /** Listener of `connect`. */
  refuseConnect(_message: IncomingMessage, socket: WsgiSocket): void {
    const connection = this.connectionOf(socket);
    const fault = new RequestError(501, 'This server is not a proxy: it does not serve CONNECT');
    connection.enter(() => connection.answer(fault));
  }
}
