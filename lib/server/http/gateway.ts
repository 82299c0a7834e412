/** The request path, from a Node request to the application and back: read this file first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildEnviron, type GatewayFacts, type RequestServices } from '../../environ/environ.js';
import { fileWrapper } from '../../environ/file/file-wrapper.js';
import { BodyInput } from '../../environ/input/input.js';
import { textToNative } from '../../environ/native-string.js';
import type { Application, Environ, ErrorStream } from '../../environ/types.js';
import { ApplicationError, RequestError } from '../../errors.js';
import { errorResponse } from '../../interpreter/error-response.js';
import { Interpreter } from '../../interpreter/interpreter.js';
import { report } from '../../interpreter/report.js';
import type { Runner } from '../../interpreter/sink.js';
import type { AccessLog } from '../log/access-log.js';
import type { ResolvedOptions } from '../options/options.js';
import { accessEntry } from './access-entry.js';
import { hasUnsent } from './backlog.js';
import { Connection, kConnection, type WsgiSocket } from './connection.js';
import { ConnectionWatch } from './connection-watch.js';
import { type Forwarded, forwardedFor } from './forwarded.js';
import { HeadWatch } from './head-watch.js';
import { HttpSink } from './http-sink.js';
import { type ParserError, parserFault } from './parser-fault.js';
import { RequestBody } from './request-body.js';
import { HEAD_TOO_LONG, RequestLimits } from './request-limits.js';
import { framingOf } from './wsgi-request.js';

export interface GatewaySettings {
  readonly options: ResolvedOptions;
  readonly errors: ErrorStream;
  readonly accessLog?: AccessLog | undefined;
  /** SERVER_NAME; undefined: the address that the client reached. */
  readonly serverName: string | undefined;
  /** Milliseconds that a connection waits for its next request; undefined: the host sees to that. */
  readonly keepAlive: number | undefined;
}

/** Runs one application for the requests of a server. Its methods are listeners of `http.Server`. */
export class Gateway {
  application: Application;
  readonly facts: GatewayFacts;
  readonly options: ResolvedOptions;
  readonly accessLog: AccessLog | undefined;
  /** Value of the Server header; `''` for none. */
  readonly ident: string;
  /** Milliseconds of silence after which a request is ended; 0 for never. */
  readonly timeout: number;
  /** As in the settings; 0: a connection serves but one request. */
  readonly keepAlive: number | undefined;
  /** The server takes no new requests: each response closes its connection. */
  stopping = false;
  /** Requests that are not over: their application runs, or their response is under way. */
  running = 0;
  #onIdle: (() => void)[] = [];
  readonly #serverName: string | undefined;
  readonly #silence: ConnectionWatch;
  readonly #rest: ConnectionWatch;
  readonly #bodyLimit: number;
  readonly #limits: RequestLimits;
  readonly #forwarded: Forwarded | undefined;

  constructor(application: Application, settings: GatewaySettings) {
    const { options, errors, accessLog, serverName, keepAlive } = settings;
    this.application = application;
    this.options = options;
    this.accessLog = accessLog;
    this.ident = options.ident;
    this.timeout = options.timeout * 1000;
    this.keepAlive = keepAlive;
    this.#serverName = serverName;
    this.#silence = new ConnectionWatch(
      this.timeout,
      ({ current, ending }) => current ?? (ending ? 'ends' : undefined),
      ({ current, socket }) => {
        if (current !== undefined) current.silent();
        else if (hasUnsent(socket)) socket.destroy();
      },
      options.minRate,
    );
    this.#rest = new ConnectionWatch(
      keepAlive ?? 0,
      // It waits for its next request, or for the rest of one that was answered.
      ({ current, ending }) => (current === undefined && !ending ? 'rests' : undefined),
      ({ socket }) => socket.destroy(),
      options.minRate,
    );
    this.#bodyLimit = options.limitRequestBody || Number.POSITIVE_INFINITY;
    this.#limits = new RequestLimits(options);
    this.#forwarded = forwardedFor(options);
    this.facts = {
      serverSoftware: options.ident || 'wsgi',
      multithread: false,
      multiprocess: false,
      runOnce: false,
      nonblocking: true,
      errors,
      fileWrapper,
      scriptName: textToNative(options.scriptName),
      baseEnviron: options.environ,
    };
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

  connectionOf(socket: WsgiSocket): Connection {
    return socket[kConnection] ?? this.#connect(socket);
  }

  #connect(socket: WsgiSocket): Connection {
    const connection = new Connection(socket, this.#serverName);
    this.#silence.add(connection);
    this.#rest.add(connection);
    return connection;
  }

  #serve(
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    expected: boolean,
  ): void {
    restoreUpgrade(connection, message);
    const body = this.bodyOf(message, response, expected);
    // While it waited for its turn, its body broke off.
    if (connection.malformed !== undefined && !message.complete) body?.fail(connection.malformed);
    const sink = this.sinkOf(connection, message, response, body);
    try {
      this.check(sink, body);
      this.call(sink, body);
    } catch (error) {
      sink.runner.fail(error);
    }
  }

  /** @throws RequestError when the request is not fit for the application. */
  check({ message }: HttpSink, body: RequestBody | undefined): void {
    this.#limits.check(message);
    if (body?.error !== undefined) throw body.error;
  }

  /** @throws RequestError when the request is not fit for the application. */
  environOf(sink: HttpSink, body: RequestBody | undefined): Environ {
    const { message, connection } = sink;
    const environ = this.describe(message, connection, {
      input: new BodyInput(body),
      aborter: connection.newAborter(),
      earlyHints: (headers) => sink.earlyHints(headers),
    });
    if (this.#forwarded !== undefined) {
      this.#forwarded.apply(environ);
      sink.clientAddr = environ.REMOTE_ADDR;
    }
    return environ;
  }

  // The next four are different where the application runs in threads.

  /** Sees one request through. */
  runnerOf(sink: HttpSink): Runner {
    return new Interpreter(sink, sink.message, this.report);
  }

  protected call(sink: HttpSink, body: RequestBody | undefined): void {
    sink.runner.run(this.application, this.environOf(sink, body));
  }

  /** An upgrade request: its door is in `environ`. */
  callUpgraded(sink: HttpSink, environ: Environ): void {
    sink.runner.run(this.application, environ);
  }

  /** Neither side has sent a byte for as long as `timeout` allows, and it is for the application to go on. */
  overdue(sink: HttpSink): void {
    const seconds = this.timeout / 1000;
    sink.runner.fail(new ApplicationError(`The application sent nothing for ${seconds} s (timeout)`));
  }

  // And these three on a server that is not ours.

  protected sinkOf(
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    body: RequestBody | undefined,
  ): HttpSink {
    return new HttpSink(this, connection, message, response, body);
  }

  protected describe(message: IncomingMessage, connection: Connection, services: RequestServices): Environ {
    return buildEnviron(message, connection, this.facts, services);
  }

  protected bodyOf(
    message: IncomingMessage,
    response: ServerResponse,
    expected: boolean,
  ): RequestBody | undefined {
    const { contentLength, transferEncoding } = framingOf(message);
    if (transferEncoding !== undefined) {
      return new RequestBody(message, response, undefined, this.#bodyLimit, expected);
    }
    if (contentLength === undefined || contentLength === '0') return undefined;
    return new RequestBody(message, response, Number(contentLength), this.#bodyLimit, expected);
  }

  /** Listener of `clientError`: what came is no request, or came too late. Answered in its turn. */
  clientError(error: ParserError, socket: WsgiSocket): void {
    const connection = this.connectionOf(socket);
    // After a fault, everything is one; and what we do not read cannot come in time.
    if (connection.malformed !== undefined || connection.ending) return;
    if (connection.held && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return;
    if (socket.destroyed || error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
      socket.destroy();
      return;
    }
    const seen = HeadWatch.of(socket)?.seen ?? 'nothing';
    this.#refuse(connection, parserFault(error, connection.current?.received === false, seen));
  }

  /** Listener of `connection` and `secureConnection`. */
  watchHead(socket: WsgiSocket): void {
    HeadWatch.begin(socket, this.options.limitRequestHead, () => {
      const connection = this.connectionOf(socket);
      if (connection.malformed !== undefined || connection.ending || !socket.writable) return;
      this.#refuse(connection, new RequestError(431, HEAD_TOO_LONG));
    });
  }

  /** What the client sent is no request. */
  #refuse(connection: Connection, fault: RequestError): void {
    const { current } = connection;
    connection.malformed = fault;
    if (current === undefined) {
      // The fault is in the rest of a body whose request was answered.
      if (connection.unread?.complete === false) connection.linger();
      else this.#answerMalformed(connection, fault);
    } else if (!current.received) current.bodyFailed(fault);
  }

  /** Listener of `connect`: this is no proxy. */
  refuseConnect(_message: IncomingMessage, socket: WsgiSocket): void {
    const connection = this.connectionOf(socket);
    const fault = new RequestError(501, 'This server is no proxy: it does not serve CONNECT');
    connection.enter(() => this.#answerMalformed(connection, fault));
  }

  /** The last byte of a response was sent, or its client is gone. */
  answered(sink: HttpSink): void {
    this.accessLog?.write(accessEntry(sink));
  }

  /** Resolves when no request is running. */
  get idle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /** An application goes on with a request that is over for everybody else. @param rest never rejects. */
  outlived(rest: Promise<unknown>): void {
    this.running++;
    void rest.then(() => this.#ran());
  }

  #ran(): void {
    if (--this.running > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** A request is over: answered, and the application is done with it. */
  left(sink: HttpSink): void {
    this.#ran();
    const { connection } = sink;
    if (!sink.received) {
      connection.unread = sink.message;
      if (connection.malformed !== undefined) connection.linger();
    }
    if (connection.leave() && (this.stopping || connection.malformed !== undefined)) {
      process.nextTick(() => this.#endConnection(connection));
    }
  }

  #endConnection(connection: Connection): void {
    if (!connection.idle || !connection.socket.writable) return;
    if (connection.malformed !== undefined) this.#answerMalformed(connection, connection.malformed);
    else connection.linger();
  }

  #answerMalformed(connection: Connection, fault: RequestError): void {
    const { head, body } = errorResponse(fault, false);
    const { socket } = connection;
    const headers = [...head.headers, 'Date', new Date().toUTCString(), 'Connection', 'close'];
    if (this.ident !== '') headers.push('Server', this.ident);
    let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    socket.write(`${text}\r\n${body.toString('latin1')}`, 'latin1');
    connection.linger();
  }

  readonly report = report;
}

/** An upgrade that is none of WebSocket came in again without its Upgrade header; the application sees all of them. */
function restoreUpgrade(connection: Connection, message: IncomingMessage): void {
  const headers = connection.upgradeHeaders;
  if (headers === undefined) return;
  connection.upgradeHeaders = undefined;
  message.rawHeaders = headers;
}
