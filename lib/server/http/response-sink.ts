/** The sink over `http.ServerResponse`: how a response gets onto a Node connection. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Bytes } from '../../environ/types.js';
import { type ResponseHead, type Sink, Turns } from '../../interpreter/sink.js';
import { Burst } from './burst.js';
import { lingeringClose, reset, type WsgiSocket } from './connection.js';
import { unconnectedResponse } from './detached-response.js';
import { endInPlaceOfNode, endWith } from './node-internals.js';
import type { RequestBody } from './request-body.js';

/** Bytes of a block that is small. */
const SMALL = 1024;

const NOTHING = Buffer.alloc(0);

const GATHERS = gathersChunks();

const NOT_ASCII = /[^\x00-\x7f]/;

/** The request that a response is for, as far as the response depends on it. */
export interface Answered {
  readonly response: ServerResponse;
  readonly socket: WsgiSocket;
  readonly body: RequestBody | undefined;
  /** HTTP/1.1, which has chunks and interim responses. */
  readonly http11: boolean;
  /** Value of the Server header; `''` for none. */
  readonly ident: string;
  /** No other request may follow on the connection. */
  readonly last: boolean;
  /** See `Sink.done`. */
  done(rest?: Promise<unknown>): void;
}

export class ResponseSink implements Sink {
  /** 0 until there is one. */
  status = 0;
  bodyBytes = 0;
  started = false;
  hijacked = false;
  protected readonly request: Answered;
  protected response: ServerResponse;
  /** `writeHead` was called, and nothing was sent since. */
  #headPending = false;
  /** The end of the response shows without the end of the connection. */
  #framed = true;
  #head: ResponseHead | undefined;
  #aborted = false;
  #turns: Turns | undefined;
  /** Undefined until there are two blocks in a row. */
  #burst: Burst | undefined;
  /** Until the client has taken what waits. */
  #draining: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;
  #watchesDrain = false;

  constructor(request: Answered) {
    this.request = request;
    this.response = request.response;
  }

  head(head: ResponseHead): void {
    const { headers } = head;
    const { request } = this;
    this.status = head.status;
    this.#head = head;
    this.#framed = head.hasLength || head.bodiless || request.http11;
    if (!head.hasServer && request.ident !== '') headers.push('Server', request.ident);
    if (head.close || request.last) {
      headers.push('Connection', 'close');
      endInPlaceOfNode(request.socket, lingeringClose);
    }
    this.giveHead(head);
    this.#headPending = true;
  }

  /** To Node. */
  protected giveHead({ status, reason, headers }: ResponseHead): void {
    this.response.writeHead(status, reason, headers);
  }

  /** A header of the response, by its name in lower case; Node adds Date and Transfer-Encoding by itself. */
  sentHeader(name: string): string | undefined {
    const { headers = [] } = this.#head ?? {};
    const found: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i]?.toLowerCase() === name) found.push(headers[i + 1] as string);
    }
    return found.length === 0 ? undefined : found.join(', ');
  }

  chunk(bytes: Bytes): Promise<void> | undefined {
    if (!(this.#writeInBurst(bytes) ?? this.relay(this.#held(bytes)))) {
      this.#draining ??= this.#awaitDrain();
      return this.#draining;
    }
    return this.#nextTurn();
  }

  /** Often there is a pause now. */
  pass(): Promise<void> | undefined {
    this.#burst?.stop();
    return this.#nextTurn();
  }

  #nextTurn(): Promise<void> | undefined {
    this.#turns ??= new Turns();
    return this.#turns.next();
  }

  /**
   * Takes one non-empty block for a caller that bounds by itself what waits.
   * @param taken called when the kernel has it; it may not be when the connection ends before.
   * @returns false if the client reads more slowly.
   */
  relay(bytes: Bytes, taken?: () => void): boolean {
    const { response } = this;
    this.bodyBytes += bytes.length;
    this.#headPending = false;
    const room = response.write(bytes, taken);
    if (GATHERS && response.writableCorked > 0) ungather(response);
    return room;
  }

  flush(more = false): void {
    this.#sendPendingHead();
    this.response.socket?.uncork();
    if (!more) this.#burst?.stop();
    else {
      this.#burst ??= Burst.of(this.response);
      this.#burst?.goesOn();
    }
  }

  pause(): void {
    this.#burst?.stop();
  }

  /** A request body that was not read to its end is thrown away, or its sender cut off. */
  end(last?: Bytes): void {
    const { body, socket } = this.request;
    body?.responseEnded();
    const isLeft = body?.complete === false;
    // If the client itself asked for the end of the connection, or Node ends it: of a client that did not wait for
    // "100 Continue" the next request may be on its way.
    if (isLeft || body?.cameUnasked) endInPlaceOfNode(socket, lingeringClose);
    if (last === undefined) this.response.end();
    else {
      const isFirst = this.bodyBytes === 0;
      this.bodyBytes += last.length;
      // A small block goes out fastest as one latin-1 string together with the head (bench: hello).
      if (last.length <= SMALL) endWith(this.response, latin1(last));
      // The last of several may be in the bytes of those before it, which the next request fills again.
      else endWith(this.response, isFirst ? last : Buffer.from(last));
    }
    this.#burst?.stop();
    // Once the end of the response is with the socket: more than is thrown away may be here already.
    if (isLeft) body.discard(() => lingeringClose.call(socket));
  }

  abort(): void {
    const { response } = this;
    const { socket } = response;
    if (socket === null) {
      // On a host's server it may be waiting for another response of its connection.
      response.once('socket', cutOff);
      return;
    }
    this.#sendPendingHead();
    this.#burst?.stop();
    this.#aborted = true;
    // Not response.end(), which would complete the framing: the client must see that it was cut short.
    if (this.#framed) lingeringClose.call(socket);
    else {
      socket.uncork();
      socket.write('', () => reset(socket));
    }
  }

  done(rest?: Promise<unknown>): void {
    this.request.done(rest);
  }

  /** The client has taken what was sent. */
  drained(): void {
    const resolve = this.#onDrained;
    this.#onDrained = undefined;
    this.#draining = undefined;
    resolve?.();
  }

  /** It is for the client, not the application, to go on. */
  get waitsForClient(): boolean {
    const { response } = this;
    return (
      response.writableNeedDrain || this.#draining !== undefined || response.writableEnded || this.#aborted
    );
  }

  /** An interim 103 response (RFC 8297). @param checked flat: name, value, name, value. */
  sendHints(checked: readonly string[]): void {
    const { response } = this;
    if (!this.request.http11 || response.headersSent || response.destroyed) return;
    let head = 'HTTP/1.1 103 Early Hints\r\n';
    for (let i = 0; i < checked.length; i += 2) head += `${checked[i]}: ${checked[i + 1]}\r\n`;
    response.socket?.write(`${head}\r\n`, 'latin1');
  }

  /**
   * The application may fill the same bytes again as soon as it goes on, and a socket keeps what the kernel has no room for. With
   * a block as large as its buffer that is not before the kernel has it; of smaller ones there is a copy.
   */
  #held(bytes: Bytes): Bytes {
    return bytes.length < this.response.writableHighWaterMark ? Buffer.from(bytes) : bytes;
  }

  #writeInBurst(bytes: Bytes): boolean | undefined {
    const room = this.#burst?.write(bytes);
    if (room !== undefined) this.bodyBytes += bytes.length;
    return room;
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
}

/** True where Node (26) gathers the chunks of a turn in the response. Tried once, on a response without a connection. */
function gathersChunks(): boolean {
  const socket = new Writable({ write: (_chunk, _encoding, done) => done() });
  const response = unconnectedResponse();
  let chunks = 0;
  socket.write = (): boolean => {
    chunks++;
    return true;
  };
  response.assignSocket(socket as unknown as Socket);
  response.write('a');
  return chunks === 0;
}

/** Each block is to be one chunk, and in the hands of the socket, which still makes one write of them. */
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
