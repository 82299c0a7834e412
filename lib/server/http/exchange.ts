/**
 * One request, from its head to its line in the access log: read this file first.
 *
 * connection.ts says whose turn it is; `serve` checks the request, makes its environ and calls the application, on the
 * event loop or in a thread; lib/interpreter walks what it returns; response-sink.ts sends it.
 *
 * How an exchange ends. It has two sides, which finish in either order, and it is over when both have:
 *
 *   state   | application                          | connection                    | `done`    | `finished`
 *   --------|--------------------------------------|-------------------------------|-----------|-----------
 *   Open    | runs                                 | response incomplete           | → Sending | → Closing
 *   Sending | has returned, its iterable is closed | bytes are under way           | -         | → Over
 *   Closing | still runs, or closes its iterable   | response sent, or client left | → Over    | -
 *   Over    | has returned                         | response sent, or client left | -         | -
 *
 * An application also counts as returned when nothing of it is waited for any more, for its client left or its time was up;
 * if it still runs then (`rest`), a stop waits for it. To an open WebSocket, its connection is the response: sent when it is
 * closed. The line of the access log is written when the connection's side has finished; when the exchange is over, the
 * connection goes on to its next request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Aborter, type Running } from '../../current-request.js';
import {
  buildEnviron,
  type GatewayFacts,
  type RequestHead,
  type RequestServices,
} from '../../environ/environ.js';
import { BodyInput, type BodySource } from '../../environ/input/input.js';
import type { Application, Environ, HeaderList } from '../../environ/types.js';
import type { WebSocket } from '../../environ/websocket/websocket.js';
import { type ClientDisconnected, type RequestError, RequestTimeout } from '../../errors.js';
import { Interpreter } from '../../interpreter/interpreter.js';
import type { NamedRequest, Report } from '../../interpreter/report.js';
import { checkEarlyHints, checkHints } from '../../interpreter/response-head.js';
import type { AccessLog } from '../log/access-log.js';
import type { ResolvedOptions } from '../options/options.js';
import type { Counters } from '../status/counters.js';
import type { Mount } from '../threads/shared/messages.js';
import { LoggedRequest } from './access-entry.js';
import type { Connection, ConnectionOwner, CurrentRequest, HandOver, WsgiSocket } from './connection.js';
import type { Forwarded } from './forwarded.js';
import { hasUnsent, setKeepAlive } from './node-internals.js';
import type { RequestBody } from './request-body.js';
import type { RequestLimits } from './request-head.js';
import { type Answered, ResponseSink } from './response-sink.js';

/** What all exchanges of a gateway share. */
export interface Service extends ConnectionOwner {
  application: Application;
  /** The server takes no new requests: each response closes its connection, unless another process goes on with it. */
  stopping: boolean;
  handOver: HandOver | undefined;
  chanceUntil: number;
  readonly options: ResolvedOptions;
  readonly facts: GatewayFacts;
  readonly limits: RequestLimits;
  readonly forwarded: Forwarded | undefined;
  readonly accessLog: AccessLog | undefined;
  /** Where the server has a status. */
  readonly counters: Counters | undefined;
  readonly report: Report;
  /** Milliseconds of silence after which a request is ended; 0 for never. */
  readonly timeout: number;
  /** Milliseconds that a connection waits for its next request; undefined: the host decides. 0: one request only. */
  readonly keepAlive: number | undefined;
  /** How many exchanges are not over. */
  readonly running: Running;
  readonly host: Host;
  /** Makes the exchange's runner, and starts it, where the application does not run on the event loop. */
  call: ((exchange: Exchange) => void) | undefined;
}

/** Where requests come from, in what it differs from our own server: another framework's, or a test. */
export interface Host {
  /** The body is the host's: it has read it already. */
  wasRead?(message: IncomingMessage): boolean;
  describe?(exchange: Exchange, services: RequestServices): Environ;
  /** What `describe` makes environ of, for a thread; undefined: message and connection as they are. */
  head?(exchange: Exchange): { readonly head: RequestHead; readonly mount: Mount };
  /** The body that the host has read, if it has. @throws ApplicationError if it did not keep the bytes. */
  keptBody?(exchange: Exchange): (BodySource & { takeWhole(most: number): Buffer | undefined }) | undefined;
  sink?(exchange: Exchange): ResponseSink;
  /** An exchange is over. */
  over?(): void;
}

/** What runs the application of one exchange: the interpreter, or the I/O thread's side of a thread that has it. */
export interface Runner {
  /** Ends the response with an error: its own status if nothing was sent yet, otherwise a visible cut. */
  fail(error: unknown): void;
  /** The client has left. */
  disconnect(error: ClientDisconnected): void;
  /** Neither side has sent a byte for so many seconds, and it is for the application to go on. */
  overdue(seconds: number): void;
  /** The client sends no more; it may still read, or have left. */
  halfClosed?(): void;
  /** The connection needs no more of what the sink was given. */
  finished?(): void;
  /** The connection of an open WebSocket is closed, both ways. */
  webSocketClosed?(): void;
  /** It is known how its WebSocket ends, or more of that. */
  webSocketEnding?(): void;
  /** The server stops: no more messages for the handler of an open WebSocket. */
  goAway?(): void;
}

enum State {
  Open,
  Sending,
  Closing,
  Over,
}

/** nginx's status in its log for a request whose client left before it was answered. */
const CLIENT_LEFT = 499;

export class Exchange implements CurrentRequest, Answered {
  readonly service: Service;
  readonly connection: Connection;
  readonly socket: WsgiSocket;
  readonly ident: string;
  readonly http11: boolean;
  message: IncomingMessage;
  response: ServerResponse;
  readonly body: RequestBody | undefined;
  readonly sink: ResponseSink;
  /** For the log, where the message is not kept. */
  protected readonly named: NamedRequest | undefined = undefined;
  /** Undefined until the application is called. */
  runner: Runner | undefined = undefined;
  /** environ has a WebSocket to open. */
  readonly isUpgrade: boolean = false;
  /** That one, once environ was made. */
  websocket: WebSocket | undefined = undefined;
  #state = State.Open;
  /** Among those that run. */
  readonly #place: number | undefined;
  #aborter: Aborter | undefined = undefined;
  /** The client's address, where a trusted proxy told it. */
  #clientAddr: string | undefined = undefined;
  /** When it came, for the access log. */
  readonly #time: number;
  /** The same by `performance.now()`, for how long it takes. */
  readonly #began: number;
  #environ: Environ | undefined = undefined;

  constructor(
    service: Service,
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    body: RequestBody | undefined,
  ) {
    this.service = service;
    this.connection = connection;
    this.socket = connection.socket;
    this.ident = service.ident;
    this.http11 = message.httpVersionMinor === 1;
    this.message = message;
    this.response = response;
    this.body = body;
    this.#time = service.accessLog === undefined ? 0 : Date.now();
    const timed = service.accessLog !== undefined || service.counters !== undefined;
    this.#began = timed ? performance.now() : 0;
    this.sink = this.newSink();
    connection.current = this;
    this.#place = service.running.begin(message);
    response.on('close', () => this.#responseClosed());
  }

  protected newSink(): ResponseSink {
    const { host, keepAlive = 0 } = this.service;
    if (host.sink !== undefined) return host.sink(this);
    setKeepAlive(this.response, keepAlive);
    return new ResponseSink(this);
  }

  // The way in

  serve(): void {
    try {
      this.check();
      if (this.service.call === undefined) this.#interpret(this.environ());
      else this.service.call(this);
    } catch (error) {
      this.fail(error);
    }
  }

  protected check(): void {
    this.service.limits.check(this.message);
    if (this.body?.error !== undefined) throw this.body.error;
  }

  /** @throws RequestError when the request is not fit for the application. */
  environ(): Environ {
    const { forwarded, host, facts } = this.service;
    const aborter = new Aborter();
    this.#aborter = aborter;
    // gunicorn's: an interim 103 response (RFC 8297).
    const earlyHints = this.isUpgrade
      ? checkHints
      : (headers: HeaderList) => this.sink.sendHints(checkEarlyHints(headers));
    const services = { input: new BodyInput(this.body), aborter, earlyHints };
    const environ =
      host.describe?.(this, services) ?? buildEnviron(this.message, this.connection, facts, services);
    if (forwarded !== undefined) {
      forwarded.apply(environ);
      this.#clientAddr = environ.REMOTE_ADDR;
    }
    if (this.service.accessLog?.needsEnviron) this.#environ = environ;
    return environ;
  }

  /** Calls the application on the event loop. */
  #interpret(environ: Environ): void {
    const { service } = this;
    const interpreter = new Interpreter(this.sink, this.named ?? this.message, service.report, service);
    if (this.#aborter !== undefined) this.#aborter.scope = interpreter.scope;
    this.runner = interpreter;
    interpreter.run(service.application, environ);
  }

  /** A request that does not reach its application is answered by an interpreter all the same. */
  protected fail(error: unknown): void {
    this.runner ??= new Interpreter(this.sink, this.message, this.service.report);
    this.runner.fail(error);
  }

  // What the connection tells
  get received(): boolean {
    return this.body === undefined || this.body.complete;
  }

  disconnected(error: ClientDisconnected): void {
    this.#aborter?.abort(error);
    this.body?.fail(error);
    this.sink.drained();
    this.runner?.disconnect(error);
    this.finished();
  }

  /** As `disconnected`, for an application that notices by itself. */
  protected connectionClosed(error: ClientDisconnected): void {
    this.#aborter?.abort(error);
    this.finished();
  }

  halfClosed(error: ClientDisconnected): void {
    this.#aborter?.abort(error);
    this.runner?.halfClosed?.();
  }

  drained(): void {
    this.sink.drained();
  }

  bodyFailed(error: RequestError): void {
    this.body?.fail(error);
  }

  silent(): void {
    const { socket } = this;
    const seconds = this.service.timeout / 1000;
    if (this.body?.starving) {
      this.body.fail(new RequestTimeout(`The rest of the request body did not come within ${seconds} s`));
    } else if (hasUnsent(socket) || this.sink.waitsForClient) socket.destroy();
    else this.runner?.overdue(seconds);
  }

  // What the response depends on

  get last(): boolean {
    const { stopping, keepAlive } = this.service;
    return (stopping && !this.#goesOn) || keepAlive === 0 || this.body?.tooMuchLeft === true;
  }

  /** More requests have come, or another process takes the connection after this one: unless TLS keys or a PROXY header are here. */
  get #goesOn(): boolean {
    const { connection, service } = this;
    if (service.handOver === undefined) return false;
    const moves = connection.scheme === 'http' && service.options.proxyProtocol === 'off';
    return connection.hasWaiting || (moves && this.received);
  }

  // The end: see the table above

  /** @param rest the application, where it still runs after the response ended; never rejects. A stop waits for it. */
  done(rest?: Promise<unknown>): void {
    const { running } = this.service;
    if (rest !== undefined) {
      running.count++;
      void rest.then(() => running.end());
    }
    if (this.#state === State.Open) this.#state = State.Sending;
    else if (this.#state === State.Closing) this.over();
  }

  /** The last byte of the response was given to the kernel, or its connection was closed before. */
  #responseClosed(): void {
    if (!this.response.writableFinished) this.connection.onClose();
    this.finished();
  }

  protected finished(): void {
    const before = this.#state;
    if (before === State.Closing || before === State.Over) return;
    this.#state = State.Closing;
    this.runner?.finished?.();
    this.record();
    if (before === State.Sending) this.over();
  }

  protected record(): void {
    const { accessLog, counters } = this.service;
    accessLog?.write(this.#logLine());
    counters?.ended(this.message.method, this.sink.status, this.#began);
  }

  protected over(): void {
    const { service, connection } = this;
    this.#state = State.Over;
    service.running.end(this.#place);
    connection.leave(this.message, this.received);
    service.host.over?.();
  }

  #logLine(): LoggedRequest {
    return new LoggedRequest({
      message: this.message,
      remoteAddr: this.#clientAddr ?? this.connection.remoteAddr,
      time: this.#time,
      began: this.#began,
      status: this.sink.status || CLIENT_LEFT,
      bytes: this.sink.bodyBytes,
      scriptName: this.service.facts.scriptName,
      environ: this.#environ,
      responseHeader: (name) => this.sink.sentHeader(name),
    });
  }
}
