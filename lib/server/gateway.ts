/** The request path, from a Node request to the application and back: read this file first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildEnviron, type GatewayFacts, type RequestServices } from '../environ/environ.js';
import { fileWrapper } from '../environ/file-wrapper.js';
import { BodyInput } from '../environ/input.js';
import { textToNative } from '../environ/native-string.js';
import type { Application, Environ, ErrorStream } from '../environ/types.js';
import { ApplicationError, ClientDisconnected, RequestError, RequestTimeout } from '../errors.js';
import { accessEntry } from './access-entry.js';
import type { AccessLog } from './access-log.js';
import { Connection, kConnection, type WsgiSocket } from './connection.js';
import { errorResponse } from './error-response.js';
import { type Forwarded, forwardedFor } from './forwarded.js';
import { HttpSink } from './http-sink.js';
import { Interpreter } from './interpreter.js';
import type { ResolvedOptions } from './options.js';
import { report } from './report.js';
import { RequestBody } from './request-body.js';
import { SilenceWatch } from './silence-watch.js';
import type { Runner } from './sink.js';

/** What comes with `clientError`. */
type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer; bytesParsed?: number };

export interface GatewaySettings {
  readonly options: ResolvedOptions;
  readonly errors: ErrorStream;
  readonly accessLog?: AccessLog | undefined;
  /** SERVER_NAME; undefined: the address that the client reached. */
  readonly serverName: string | undefined;
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
  /** A connection may serve more than one request. */
  readonly keepsAlive: boolean;
  /** The server takes no new requests: each response closes its connection. */
  stopping = false;
  readonly #serverName: string | undefined;
  readonly #silence: SilenceWatch;
  readonly #bodyLimit: number;
  readonly #fieldLimit: number;
  readonly #fieldSizeLimit: number;
  readonly #lineLimit: number;
  readonly #forwarded: Forwarded | undefined;

  constructor(application: Application, { options, errors, accessLog, serverName }: GatewaySettings) {
    this.application = application;
    this.options = options;
    this.accessLog = accessLog;
    this.ident = options.ident;
    this.timeout = options.timeout * 1000;
    this.keepsAlive = options.keepAlive > 0;
    this.#serverName = serverName;
    this.#silence = new SilenceWatch(this.timeout);
    this.#bodyLimit = options.limitRequestBody || Number.POSITIVE_INFINITY;
    this.#fieldLimit = options.limitRequestFields * 2;
    this.#fieldSizeLimit = options.limitRequestFieldSize || Number.POSITIVE_INFINITY;
    this.#lineLimit = options.limitRequestLine || Number.POSITIVE_INFINITY;
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
    this.#checkLimits(message);
    if (body?.error !== undefined) throw body.error;
  }

  /** @throws RequestError when the request is not fit for the application. */
  environOf(sink: HttpSink, body: RequestBody | undefined): Environ {
    const { message, connection } = sink;
    const environ = this.describe(message, connection, {
      input: new BodyInput(body),
      abortSignal: connection.signal.lend(),
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
    return new Interpreter(sink, sink.message.method === 'HEAD', this.report);
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
    const { headers } = message;
    const declared = headers['content-length'];
    if (headers['transfer-encoding'] !== undefined) {
      return new RequestBody(message, response, undefined, this.#bodyLimit, expected);
    }
    if (declared === undefined || declared === '0') return undefined;
    return new RequestBody(message, response, Number(declared), this.#bodyLimit, expected);
  }

  #checkLimits(message: IncomingMessage): void {
    const { rawHeaders, headers } = message;
    const { method, url } = message as { method: string; url: string };
    if (method.length + url.length + REQUEST_LINE_REST > this.#lineLimit)
      throw new RequestError(414, LINE_TOO_LONG);
    if (rawHeaders.length > this.#fieldLimit && this.#fieldLimit !== 0) {
      throw new RequestError(431, `The request has more than ${this.#fieldLimit / 2} header fields`);
    }
    if (this.#fieldSizeLimit < this.options.limitRequestHead) this.#checkFieldSizes(rawHeaders);
    const coding = headers['transfer-encoding'];
    if (coding !== undefined) checkTransferEncoding(coding, message);
    if (headers.expect !== undefined) checkExpect(headers.expect, message);
  }

  #checkFieldSizes(rawHeaders: string[]): void {
    for (let i = 0; i < rawHeaders.length; i += 2) {
      // Name, colon, space, value: what gunicorn counts as well.
      const size = (rawHeaders[i] as string).length + (rawHeaders[i + 1] as string).length + 2;
      if (size > this.#fieldSizeLimit) {
        throw new RequestError(431, `A header field is longer than ${this.#fieldSizeLimit} bytes`);
      }
    }
  }

  /** Listener of `clientError`: what came is no request, or came too late. Answered in its turn. */
  clientError(error: ParserError, socket: WsgiSocket): void {
    const connection = this.connectionOf(socket);
    // Behind a fault, everything is one; and what we do not read cannot come in time.
    if (connection.malformed !== undefined || connection.ending) return;
    if (connection.held && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return;
    if (socket.destroyed || error.code === 'ECONNRESET' || error.code === 'EPIPE' || !socket.writable) {
      socket.destroy();
      return;
    }
    const { current } = connection;
    const fault = requestFault(error, current?.received === false);
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

  /** A request is over: answered, and the application is done with it. */
  left(sink: HttpSink): void {
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

/** Two spaces and "HTTP/1.1": what a request line holds beside method and target. */
const REQUEST_LINE_REST = 10;
const LINE_TOO_LONG = 'The request line is too long (limit-request-line)';

/** An upgrade that is none of WebSocket came in again without its Upgrade header; the application sees all of them. */
function restoreUpgrade(connection: Connection, message: IncomingMessage): void {
  const headers = connection.upgradeHeaders;
  if (headers === undefined) return;
  connection.upgradeHeaders = undefined;
  message.rawHeaders = headers;
  const values = headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'upgrade');
  message.headers.upgrade = values.join(', ');
}

/** `chunked`, once, is all that HTTP/1.1 needs (RFC 9112 section 6.1); Node hands other codings on with no body. */
function checkTransferEncoding(coding: string, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0) throw new RequestError(400, 'HTTP/1.0 has no Transfer-Encoding');
  if (message.headers['content-length'] !== undefined) {
    throw new RequestError(400, 'A request has either a Content-Length or a Transfer-Encoding');
  }
  if (!/^[ \t,]*chunked[ \t,]*$/i.test(coding)) {
    throw new RequestError(501, 'The only Transfer-Encoding that this server knows is chunked');
  }
}

function checkExpect(expect: string, message: IncomingMessage): void {
  if (message.httpVersionMinor === 0 || expect.trim().toLowerCase() === '100-continue') return;
  throw new RequestError(417, 'The only expectation that this server meets is 100-continue');
}

/** @param inBody the head has come: what is too large are the trailers. */
function requestFault(error: ParserError, inBody: boolean): RequestError {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      if (!inBody && isRequestLine(error)) return new RequestError(414, LINE_TOO_LONG);
      return new RequestError(431, 'The header block of the request is too large');
    case 'HPE_INVALID_EOF_STATE':
      return new ClientDisconnected('the client left before its request was complete');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new RequestError(413, 'The chunk extensions of the request body are too large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RequestTimeout('The request did not come in time');
    default:
      return new RequestError(400, 'What was sent is not a valid HTTP/1.1 request');
  }
}

/** The parser does not say what overflowed: its error tells how far it got in the last packet. */
function isRequestLine({ rawPacket, bytesParsed = 0 }: ParserError): boolean {
  if (rawPacket === undefined) return false;
  const end = rawPacket.indexOf('\r\n');
  // Without a line end, a field that spans packets looks the same, and gets 414 too: nothing tells them apart.
  if (end === -1) return true;
  return bytesParsed <= end && / HTTP\/\d\.\d$/.test(rawPacket.toString('latin1', 0, end));
}
