/**
 * What we use of Node's HTTP server and sockets without its documentation, or change. What only makes requests cheaper can
 * be switched off in `internals`: it is off where a Node does not have it, and everything works without it. (Those of
 * the package `ws` are in websocket/ws.ts, responses on a socket that Node has let go of in free-response.ts.)
 *
 *   name        | what                                    | buys, of a small GET | without it
 *   ------------|-----------------------------------------|----------------------|-----------------------------------
 *   lazyHeaders | the accessor `IncomingMessage.headers`, | 6 to 12 %            | each request builds `headers`,
 *               | overridden                              |                      | for Node asks for `expect` in them
 *   oneWrite    | `ServerResponse._writeRaw`, a           | 7 to 13 %            | a small response is two writes,
 *               | response's way to its socket            |                      | the second of nothing
 *   parserHook  | the parser's callback after a packet    | 18 to 22 %           | a `data` listener, which takes the
 *               |                                         |                      | bytes through the stream
 *   ownBody     | `IncomingMessage.push`, overridden: the | nothing; of a POST   | a body comes through the stream
 *               | parser's way to the body's stream       | of 1 KiB 6 to 11 %   |
 *   kernelQueue | `_handle.writeQueueSize` and `_parent`: | nothing: it finds    | what the kernel has not taken
 *               | bytes that the kernel has not taken     | slow clients sooner  | counts as read
 *
 * (CPU time, three alternating runs on Node 20. `detachSocket`, in place of a `close` listener, was dropped for its 2 %.)
 *
 * What comes after these works in no other way, and rests on names that every Node since 8 has: `destroySoon`,
 * `assignSocket`, `detachSocket`, `_httpMessage`, `httpAllowHalfOpen`, `_keepAliveTimeout`, `_read`, `_closed`,
 * `_requestCert`, `parser`.
 */

import { Socket } from 'node:net';
import { type Duplex, Writable } from 'node:stream';
import { type FramingFields, framingIn } from '../../interpreter/request-body.js';
import { type Server as HttpServer, IncomingMessage, ServerResponse } from '../../node-http.js';
import { unconnectedResponse } from './free-response.js';

type Data = string | Uint8Array;
type WriteRaw = (
  this: ServerResponse,
  data: Data,
  encoding: BufferEncoding,
  callback?: unknown,
  size?: number,
) => boolean;

const headersAccessor = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');
const { _writeRaw: writeRaw } = ServerResponse.prototype as unknown as { readonly _writeRaw?: WriteRaw };

/** What this Node has, and is used. Specs set them to false. */
export const internals = {
  lazyHeaders: headersAccessor?.get !== undefined,
  oneWrite: typeof writeRaw === 'function',
  kernelQueue: true,
  parserHook: true,
  ownBody: true,
};

// A request that builds `headers` only when they are asked for

/** @param message of any server. */
export function framingOf(message: IncomingMessage): FramingFields {
  if (message instanceof WsgiRequest) return message.framing;
  const { 'content-length': contentLength, 'transfer-encoding': transferEncoding, expect } = message.headers;
  return { contentLength, transferEncoding, expect };
}

/** The `IncomingMessage` of our own servers. The first to ask for `headers` gets a view that builds them if it must. */
export class WsgiRequest extends IncomingMessage {
  /** `headers` was asked for. */
  asked = false;
  /** The packet in which it ended was seen. */
  ended = false;
  /** Gets the body, past the stream. */
  taker: BodyTaker | undefined = undefined;
  #framing: FramingFields | undefined = undefined;

  /** @internal The parser's way to the stream. @param chunk null: the end. */
  override push(chunk: Buffer | null): boolean {
    const { taker } = this;
    if (taker === undefined) return super.push(chunk);
    if (chunk !== null) return taker.take(chunk);
    taker.take(null);
    super.push(null);
    // The stream ends, too: until then the parser keeps the message, with all that it leads to.
    this.read(0);
    return true;
  }

  get framing(): FramingFields {
    this.#framing ??= framingIn(this.rawHeaders);
    return this.#framing;
  }
}

/** What gets the body of a request in place of its stream. */
export interface BodyTaker {
  /** @param chunk null: the end. @returns false if the client has to wait. */
  take(chunk: Buffer | null): boolean;
}

/** @returns false where it has to be read as a stream. */
export function takeBody(message: IncomingMessage, taker: BodyTaker): boolean {
  if (!(message instanceof WsgiRequest) || !internals.ownBody) return false;
  message.taker = taker;
  // Node is to know that it is read.
  if (!message.complete) message._read(0);
  return true;
}

/** The client, or the stream, had to wait, and may go on. */
export function readOn(message: IncomingMessage): void {
  if (message instanceof WsgiRequest && message.taker !== undefined) message._read(0);
  else message.resume();
}

type Headers = IncomingMessage['headers'];

interface View {
  readonly request: WsgiRequest;
}

if (headersAccessor?.get !== undefined) {
  const build = headersAccessor.get as (this: WsgiRequest) => Headers;
  Object.defineProperty(WsgiRequest.prototype, 'headers', {
    ...headersAccessor,
    get(this: WsgiRequest): Headers {
      if (this.asked || !internals.lazyHeaders) return build.call(this);
      this.asked = true;
      return new Proxy<View>({ request: this }, view) as unknown as Headers;
    },
  });
}

/** Passes everything on to the real `headers`, except the one question that they need not be built for. */
const view: ProxyHandler<View> = {
  get: ({ request }, name) =>
    name === 'expect' ? request.framing.expect : Reflect.get(request.headers, name),
  set: ({ request }, name, value) => Reflect.set(request.headers, name, value),
  has: ({ request }, name) => Reflect.has(request.headers, name),
  deleteProperty: ({ request }, name) => Reflect.deleteProperty(request.headers, name),
  defineProperty: ({ request }, name, descriptor) =>
    Reflect.defineProperty(request.headers, name, descriptor),
  ownKeys: ({ request }) => Reflect.ownKeys(request.headers),
  getOwnPropertyDescriptor: ({ request }, name) => Reflect.getOwnPropertyDescriptor(request.headers, name),
};

// A response that ends in one write

/** The `ServerResponse` of our own servers. */
export class WsgiResponse extends ServerResponse<WsgiRequest> {
  #holds = false;
  /** What was held back until it is known what follows. */
  #held: Data | undefined = undefined;
  #callback: unknown = undefined;

  /**
   * As `end`, which makes two writes of it, the second of nothing, to learn when the first is done.
   * @param last bytes, or latin-1.
   */
  endWith(last: Data): void {
    this.#holds = true;
    try {
      this.end(last, 'latin1');
    } finally {
      this.#holds = false;
      if (this.#held !== undefined) this.#release(this.#callback);
    }
  }

  /** @internal Node's way to the socket. */
  _writeRaw(data: Data, encoding: BufferEncoding, callback?: unknown, size?: number): boolean {
    if (this.#holds) {
      this.#holds = false;
      this.#held = data;
      this.#callback = callback;
      return true;
    }
    if (this.#held !== undefined) {
      // The first block has no callback of its own.
      if (data === '') return this.#release(callback);
      this.#release(this.#callback);
    }
    return (writeRaw as WriteRaw).call(this, data, encoding, callback, size);
  }

  #release(callback: unknown): boolean {
    const held = this.#held as Data;
    this.#held = undefined;
    return (writeRaw as WriteRaw).call(this, held, 'latin1', callback);
  }
}

/** @param last bytes, or latin-1. */
export function endWith(response: ServerResponse, last: Data): void {
  if (response instanceof WsgiResponse && internals.oneWrite) response.endWith(last);
  else response.end(last, 'latin1');
}

/**
 * What a Keep-Alive header tells the client: Node sends one for its own timeout, and idle connections are ended by ours.
 * @param timeout milliseconds; 0 sends no such header.
 */
export function setKeepAlive(response: ServerResponse, timeout: number): void {
  (response as { _keepAliveTimeout?: number })._keepAliveTimeout = timeout;
}

/** True where Node (26) gathers the chunks of a turn in the response. Tried once, on a response without a connection. */
export function gathersChunks(): boolean {
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

// Sockets

/** What Node has below a socket; below that of TLS, `_parent` is the one that the kernel takes bytes from. */
interface Handle {
  readonly bytesWritten?: number;
  /** Of those, the bytes that the kernel has not taken yet. */
  readonly writeQueueSize?: number;
  readonly _parent?: Handle | null;
}

type Stream = Duplex & Partial<Pick<Socket, 'bytesWritten'>> & { readonly _handle?: Handle | null };

/** Bytes that the kernel has taken; with TLS, as they were encrypted. */
export function takenOf(stream: Stream): number {
  const { bytesWritten, writeQueueSize } = lowest(stream) ?? {};
  if (bytesWritten === undefined) return (stream.bytesWritten ?? 0) - stream.writableLength;
  return bytesWritten - (writeQueueSize ?? 0);
}

/** Bytes wait for the kernel to take them, which waits for the client. */
export function hasUnsent(stream: Stream): boolean {
  return stream.writableLength > 0 || (lowest(stream)?.writeQueueSize ?? 0) > 0;
}

function lowest(stream: Stream): Handle | undefined {
  if (!internals.kernelQueue) return undefined;
  let handle = stream._handle ?? undefined;
  while (handle?._parent) handle = handle._parent;
  return handle;
}

/** The TCP socket below one of TLS; undefined for all others. */
export function belowTls(socket: Socket): Socket | undefined {
  return (socket as { _parent?: Socket | null })._parent ?? undefined;
}

/** The server asks its TLS clients for a certificate. */
export function asksForCertificate(socket: Socket): boolean {
  return (socket as { _requestCert?: boolean })._requestCert === true;
}

/** Node ends the connection after a response with `destroySoon`, which resets it while the client still sends. */
export function endInPlaceOfNode(socket: Socket, end: (this: never) => void): void {
  socket.destroySoon = end as () => void;
}

/**
 * Reads a socket whose parser has stopped reading by the handle, of which the stream knows nothing: it takes itself for
 * reading, and would never begin again (Node 20; where it does read, this has no effect).
 */
export function readAgain(socket: Duplex): void {
  if (socket instanceof Socket) socket._read(0);
}

/** What comes from now on waits in the kernel, for another process to read it. */
export function stopReading(socket: Socket): void {
  (socket as { _handle?: { readStop?(): void } | null })._handle?.readStop?.();
}

/** Its server forgets a socket that goes to another process: Node would else count it there, and wait for it at the end. */
export function withoutServer(socket: Socket): void {
  Object.assign(socket, { server: null });
}

/** In place of a method of a socket, for a while: Node, or our own code, calls it when it must have no effect. */
export function silence(socket: Duplex, method: 'pause' | 'resume' | 'destroy'): void {
  socket[method] = function stay<T>(this: T): T {
    return this;
  };
}

/** The method has its effect again. */
export function restore(socket: Duplex, method: 'pause' | 'resume' | 'destroy'): void {
  Reflect.deleteProperty(socket, method);
}

/** A client that has shut down its sending side still gets its response. */
export function allowHalfOpen(http: HttpServer): void {
  Object.assign(http, { httpAllowHalfOpen: true });
}

// The parser

/** Node's parser of a connection. Without the optional parts, packets are seen as the stream has them. */
export interface Parser {
  /** The last message whose head is complete; null after it was answered. */
  readonly incoming: WsgiRequest | null;
  readonly constructor: { readonly kOnExecute?: number };
  getCurrentBuffer?(): Buffer;
  [callback: number]: ((result: unknown) => void) | null | undefined;
}

export function parserOf(socket: Socket): Parser | undefined {
  return (socket as { parser?: Parser | null }).parser ?? undefined;
}

/**
 * Calls back after each packet that the parser of a TCP connection, which it reads without its stream, was through with.
 * @returns false where that cannot be: the packets then come as `data` events of the socket, after the parser had them.
 */
export function afterEachPacket(socket: Socket, parser: Parser, watch: { parsed(): void }): boolean {
  const index = parser.constructor.kOnExecute;
  const execute = index === undefined ? undefined : parser[index];
  if (!internals.parserHook || index === undefined || typeof execute !== 'function') return false;
  // Over TLS it gets what the stream read, and does not call.
  if (parser.getCurrentBuffer === undefined || 'encrypted' in socket) return false;
  parser[index] = (result) => {
    execute(result);
    watch.parsed();
  };
  return true;
}
