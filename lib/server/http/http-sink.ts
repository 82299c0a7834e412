/** A response on a Node connection: the sink over `http.ServerResponse`, and the end of its request. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Bytes, HeaderList } from '../../environ/types.js';
import { type ClientDisconnected, type RequestError, RequestTimeout } from '../../errors.js';
import { checkEarlyHints } from '../../interpreter/response-head.js';
import { type ResponseHead, type Runner, type Sink, Turns } from '../../interpreter/sink.js';
import { writeHostedHead } from '../adapters/node/hosted-head.js';
import { hasUnsent } from './backlog.js';
import { type Connection, type Exchange, lingeringClose, reset, type WsgiSocket } from './connection.js';
import type { Gateway } from './gateway.js';
import type { RequestBody } from './request-body.js';
import { type ResponseOwner, WsgiResponse } from './wsgi-response.js';

/** Bytes of a block that is small. */
const SMALL = 1024;

const NOTHING = Buffer.alloc(0);

/** This Node gathers the chunks of a response in the response, whose socket then gets nothing before the next turn. */
const GATHERS = gathers();

const NOT_ASCII = /[^\x00-\x7f]/;

export class HttpSink implements Sink, Exchange, ResponseOwner {
  readonly gateway: Gateway;
  readonly connection: Connection;
  readonly message: IncomingMessage;
  readonly runner: Runner;
  /** For the access log. */
  readonly time: number;
  status = 0;
  bodyBytes = 0;
  /** The client's address, where a trusted proxy told it. */
  clientAddr: string | undefined;
  protected readonly response: ServerResponse;
  readonly #body: RequestBody | undefined;
  /** `writeHead` was called, and nothing was sent since. */
  #headPending = false;
  /** The end of the response shows without the end of the connection. */
  #framed = true;
  #head: ResponseHead | undefined;
  #aborted = false;
  readonly #turns = new Turns();
  /** Until the client has taken what waits. */
  #draining: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;
  #watchesDrain = false;
  #interpreted = false;
  #closed = false;

  constructor(
    gateway: Gateway,
    connection: Connection,
    message: IncomingMessage,
    response: ServerResponse,
    body: RequestBody | undefined,
  ) {
    this.gateway = gateway;
    this.connection = connection;
    this.message = message;
    this.response = response;
    this.#body = body;
    this.time = gateway.accessLog === undefined ? 0 : Date.now();
    this.runner = gateway.runnerOf(this);
    connection.current = this;
    gateway.running++;
    if (response instanceof WsgiResponse) {
      response.owner = this;
      response._keepAliveTimeout = gateway.keepAlive ?? 0;
    } else response.on('close', () => this.responseFinished());
  }

  started = false;

  get hijacked(): boolean {
    return false;
  }

  // Sink

  head(head: ResponseHead): void {
    const { headers } = head;
    this.status = head.status;
    this.#head = head;
    this.#framed = head.hasLength || head.bodiless || this.message.httpVersionMinor === 1;
    if (!head.hasServer && this.gateway.ident !== '') headers.push('Server', this.gateway.ident);
    if (head.close || this.#mustClose()) {
      headers.push('Connection', 'close');
      this.connection.socket.destroySoon = lingeringClose;
    }
    if (this.response instanceof WsgiResponse) this.response.writeHead(head.status, head.reason, headers);
    else writeHostedHead(this.response, head.status, head.reason, headers);
    this.#headPending = true;
  }

  chunk(bytes: Bytes): Promise<void> | undefined {
    if (!this.relay(bytes)) {
      this.#draining ??= this.#awaitDrain();
      return this.#draining;
    }
    return this.#turns.next();
  }

  pass(): Promise<void> | undefined {
    return this.#turns.next();
  }

  /**
   * Takes one non-empty block for a caller that bounds by itself what waits.
   * @param taken called when the kernel has it; it may not be when the connection ends before.
   * @returns false if the client is behind.
   */
  relay(bytes: Bytes, taken?: () => void): boolean {
    const { response } = this;
    this.bodyBytes += bytes.length;
    this.#headPending = false;
    const room = response.write(bytes, taken);
    if (GATHERS && response.writableCorked > 0) ungather(response);
    return room;
  }

  flush(): void {
    this.#sendPendingHead();
    this.response.socket?.uncork();
  }

  end(last?: Bytes): void {
    this.#letGoOfBody();
    if (last === undefined) this.response.end();
    else {
      this.bodyBytes += last.length;
      // A small block goes out fastest as one latin-1 string together with the head (bench: hello).
      const block = last.length <= SMALL ? latin1(last) : last;
      if (this.response instanceof WsgiResponse) this.response.endWith(block);
      else this.response.end(block, 'latin1');
    }
  }

  abort(): void {
    const { response } = this;
    const { socket } = response;
    if (socket === null) {
      // On a host's server it may be waiting behind another response of its connection.
      response.once('socket', cutOff);
      return;
    }
    this.#sendPendingHead();
    this.#aborted = true;
    // Not response.end(), which would complete the framing: the client must see that it was cut short.
    if (this.#framed) lingeringClose.call(socket);
    else {
      socket.uncork();
      socket.write('', () => reset(socket));
    }
  }

  done(rest?: Promise<unknown>): void {
    this.#interpreted = true;
    if (rest !== undefined) this.gateway.outlived(rest);
    this.#leave();
  }

  // Exchange

  get received(): boolean {
    return this.#body === undefined || this.#body.complete;
  }

  disconnected(error: ClientDisconnected): void {
    this.#body?.fail(error);
    this.drained();
    this.runner.disconnect(error);
    this.closed();
  }

  ended(): void {
    this.runner.ended?.();
  }

  drained(): void {
    const resolve = this.#onDrained;
    this.#onDrained = undefined;
    this.#draining = undefined;
    resolve?.();
  }

  bodyFailed(error: RequestError): void {
    this.#body?.fail(error);
  }

  silent(): void {
    const { response } = this;
    const { socket } = this.connection;
    const seconds = this.gateway.timeout / 1000;
    if (this.#body?.starving) {
      this.#body.fail(new RequestTimeout(`The rest of the request body did not come within ${seconds} s`));
    } else if (hasUnsent(socket) || response.writableNeedDrain || response.writableEnded || this.#aborted) {
      socket.destroy();
    } else this.gateway.overdue(this);
  }

  /** gunicorn's `wsgi.early_hints`: an interim 103 response (RFC 8297). */
  earlyHints(headers: HeaderList): void {
    this.sendHints(checkEarlyHints(headers));
  }

  /** @param checked flat: name, value, name, value. */
  sendHints(checked: readonly string[]): void {
    const { response } = this;
    if (this.message.httpVersionMinor === 0 || response.headersSent || response.destroyed) return;
    let head = 'HTTP/1.1 103 Early Hints\r\n';
    for (let i = 0; i < checked.length; i += 2) head += `${checked[i]}: ${checked[i + 1]}\r\n`;
    response.socket?.write(`${head}\r\n`, 'latin1');
  }

  #awaitDrain(): Promise<void> {
    // Node tells a response of it only while the socket is its own; the connection tells it always.
    if (!this.#watchesDrain) this.response.on('drain', () => this.drained());
    this.#watchesDrain = true;
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  #sendPendingHead(): void {
    if (!this.#headPending) return;
    this.#headPending = false;
    // Node sends a head by itself as UTF-8, and before bytes as latin-1. Where no body follows it takes no bytes.
    if (this.#head?.bodiless === false && !isAscii(this.#head)) this.response.write(NOTHING);
    else this.response.flushHeaders();
  }

  #mustClose(): boolean {
    return this.gateway.stopping || this.gateway.keepAlive === 0 || this.#body?.tooMuchLeft === true;
  }

  /** A body that was not read to its end is thrown away, or its sender cut off. */
  #letGoOfBody(): void {
    const body = this.#body;
    if (body === undefined) return;
    body.responseEnded();
    if (body.complete) return;
    const { socket } = this.connection;
    // Should the client itself have asked for the end.
    socket.destroySoon = lingeringClose;
    body.discard(() => lingeringClose.call(socket));
  }

  /** The transport is done with this request. */
  protected closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.runner.released?.();
    this.gateway.answered(this);
    this.#leave();
  }

  /** Both the transport and the application are. */
  #leave(): void {
    if (this.#interpreted && this.#closed) this.left();
  }

  /** The request is over. */
  protected left(): void {
    this.gateway.left(this);
  }

  responseFinished(): void {
    if (!this.response.writableFinished) this.connection.onClose();
    this.closed();
  }
}

/**
 * Newer Nodes (26) gather the writes of a turn in the response, as one chunk of the transfer coding. Each block is to be
 * one, and in the hands of the socket, which still makes one write of them.
 */
function ungather(response: ServerResponse): void {
  const { socket } = response;
  socket?.cork();
  response.uncork();
  if (socket !== null) process.nextTick(uncork, socket);
}

function uncork(socket: WsgiSocket): void {
  socket.uncork();
}

/** What was written so far goes out first, when the event `socket` is over. */
function cutOff(socket: WsgiSocket): void {
  setImmediate(() => lingeringClose.call(socket));
}

function isAscii({ reason, headers }: ResponseHead): boolean {
  return !NOT_ASCII.test(reason) && !headers.some((text) => NOT_ASCII.test(text));
}

function latin1(bytes: Bytes): string {
  return (
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  ).toString('latin1');
}

/** Tried once, on a response without a connection: where chunks are gathered, the first one does not reach the socket. */
function gathers(): boolean {
  const socket = new Writable({ write: (_chunk, _encoding, done) => done() });
  const response = new ServerResponse({
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    method: 'GET',
  } as IncomingMessage);
  let chunks = 0;
  socket.write = (): boolean => {
    chunks++;
    return true;
  };
  response.assignSocket(socket as unknown as Socket);
  response.write('a');
  return chunks === 0;
}
