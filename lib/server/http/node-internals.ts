/**
 * What we use of Node's HTTP server and sockets without its documentation, or change: here, and nowhere else (of `ws`: in
 * websocket/ws.ts; of sockets to CPython: in python/cpython/lane-socket.ts). What only makes requests cheaper is switched by
 * `internals`: it is off where a Node does not have it, and everything works without it.
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
 * What comes after these works in no other way, and rests on names that every Node since 8 has (a spec looks for them). Each
 * function says what it is for; without it, that does not happen.
 */
import { Socket, type Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { joinWaiting } from '../../environ/input/pieces.js';
import { type Server as HttpServer, IncomingMessage, ServerResponse } from '../../node-http.js';

type Data = string | Uint8Array;
type WriteRaw = (data: Data, encoding: BufferEncoding, callback?: unknown, size?: number) => boolean;
type Write = Parameters<WriteRaw>;
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

/** The headers that the gateway itself acts on (RFC 9112 section 6, RFC 9110 section 10.1.1). */
export interface FramingFields {
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
  readonly expect: string | undefined;
}

/** The `IncomingMessage` of our own servers. The first to ask for `headers` gets a view that builds them if it must. */
export class WsgiRequest extends IncomingMessage {
  /** `headers` was asked for. */
  asked = false;
  /** The packet in which it ended was seen. */
  ended = false;
  /** Gets the body, past the stream. */
  taker: BodyTaker | undefined = undefined;
  /** See request-head.ts. */
  framing: FramingFields | undefined = undefined;
  /** Of the body, in the stream. */
  pieces = 0;

  /** @internal The parser's way to the stream. @param chunk null: the end. */
  override push(chunk: Buffer | null): boolean {
    const { taker } = this;
    if (taker === undefined) return chunk === null ? super.push(chunk) : joinWaiting(this, super.push(chunk));
    if (chunk !== null) return taker.take(chunk);
    // To end the stream as well takes a tenth of a POST of 1 KiB. Until it has ended the parser keeps the message, which
    // leads to all of the request: it asks when the response is sent, and listens if the end, as of a stream, comes later.
    const { _readableState: state } = this as { readonly _readableState?: { endEmitted?: boolean } };
    if (state !== undefined) state.endEmitted = true;
    if (this.listenerCount('end') > 0) process.nextTick(() => this.emit('end'));
    return taker.take(null);
  }
}

/** What gets the body of a request in place of its stream. */
export interface BodyTaker {
  /** @param chunk null: the end. @returns false if the client has to wait. */
  take(chunk: Buffer | null): boolean;
}

/** @returns false where it has to be read as a stream: a listener of that gets it as well. */
export function takeBody(message: IncomingMessage, taker: BodyTaker): boolean {
  if (!(message instanceof WsgiRequest) || !internals.ownBody || message.listenerCount('data') > 0)
    return false;
  message.taker = taker;
  // Node is to know that it is read.
  if (!message.complete) message._read(0);
  return true;
}

/** The chunks of a body that was taken are nobody else's: its parser reads by itself, and copies them out of what it read. */
export const hasOwnChunks = (message: IncomingMessage) =>
  message instanceof WsgiRequest &&
  message.taker !== undefined &&
  parserOf(message.socket)?._consumed === true;

/** Bytes of the body went to somebody else. (`joinWaiting` reads as well, but nothing goes anywhere then.) */
export const wasReadByOthers = (message: IncomingMessage) =>
  message.readableDidRead && !(message instanceof WsgiRequest && message.readableFlowing === null);

/** The client, or the stream, had to wait, and may go on. */
export function readOn(message: IncomingMessage): void {
  if (message instanceof WsgiRequest && message.taker !== undefined) message._read(0);
  else message.resume();
}

type Headers = IncomingMessage['headers'];
type View = { readonly request: WsgiRequest };

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
    name === 'expect' && !request.rawHeaders.some(isExpect) ? undefined : Reflect.get(request.headers, name),
  set: ({ request }, name, value) => Reflect.set(request.headers, name, value),
  has: ({ request }, name) => Reflect.has(request.headers, name),
  deleteProperty: ({ request }, name) => Reflect.deleteProperty(request.headers, name),
  defineProperty: ({ request }, name, how) => Reflect.defineProperty(request.headers, name, how),
  ownKeys: ({ request }) => Reflect.ownKeys(request.headers),
  getOwnPropertyDescriptor: ({ request }, name) => Reflect.getOwnPropertyDescriptor(request.headers, name),
};

const isExpect = (name: string) => name.length === 6 && name.toLowerCase() === 'expect';

/** The `ServerResponse` of our own servers. */
export class WsgiResponse extends ServerResponse<WsgiRequest> {
  #holds = false;
  /** The write that is held back until it is known what follows. */
  #held: Write | undefined = undefined;

  /** As `end`, which makes two writes of it, the second of nothing, to learn when the first is done. */
  endWith(last: Data): void {
    this.#holds = true;
    try {
      this.end(last, 'latin1');
    } finally {
      this.#holds = false;
      if (this.#held !== undefined) this.#release(this.#held);
    }
  }

  /** @internal Node's way to the socket. */
  _writeRaw(...write: Write): boolean {
    if (this.#holds) {
      this.#holds = false;
      this.#held = write;
      return true;
    }
    const held = this.#held;
    if (held !== undefined) {
      const [data, , callback] = write;
      // The first block has no callback of its own.
      if (data === '') return this.#release([held[0], held[1], callback]);
      this.#release(held);
    }
    return Reflect.apply(writeRaw as WriteRaw, this, write);
  }

  #release(held: Write): boolean {
    this.#held = undefined;
    return Reflect.apply(writeRaw as WriteRaw, this, held);
  }
}

/** @param last bytes, or latin-1. */
export function endWith(response: ServerResponse, last: Data): void {
  if (response instanceof WsgiResponse && internals.oneWrite) response.endWith(last);
  else response.end(last, 'latin1');
}

/** For the Keep-Alive header: Node sends its own timeout, but ours ends idle connections. @param timeout milliseconds; 0: none. */
export function setKeepAlive(response: ServerResponse, timeout: number): void {
  (response as { _keepAliveTimeout?: number })._keepAliveTimeout = timeout;
}

// Sockets

/** What Node has below a socket; below that of TLS, `_parent` is the one that the kernel takes bytes from. */
interface Handle {
  readonly bytesWritten?: number;
  /** Of those, the bytes that the kernel has not taken yet. */
  readonly writeQueueSize?: number;
  readonly _parent?: Handle | null;
  readStop?(): void;
}

interface Inside {
  readonly bytesWritten?: number;
  readonly _handle?: Handle | null;
  readonly _parent?: Socket | null;
  readonly _requestCert?: boolean;
  readonly _httpMessage?: ServerResponse | null;
  readonly parser?: Parser | null;
  readonly server?: TcpServer | null;
}

const inside = (socket: Duplex) => socket as Duplex & Inside;

/** The response that Node is sending on a socket. */
export const responseOn = (socket: Socket) => inside(socket)._httpMessage ?? undefined;

/** Bytes that the kernel has taken; with TLS, as they were encrypted. */
export function takenOf(socket: Duplex): number {
  const { bytesWritten, writeQueueSize } = lowest(socket) ?? {};
  if (bytesWritten === undefined) return (inside(socket).bytesWritten ?? 0) - socket.writableLength;
  return bytesWritten - (writeQueueSize ?? 0);
}

/** Bytes wait for the kernel to take them, which waits for the client. */
export function hasUnsent(socket: Duplex): boolean {
  return socket.writableLength > 0 || (lowest(socket)?.writeQueueSize ?? 0) > 0;
}

function lowest(socket: Duplex): Handle | undefined {
  let handle = internals.kernelQueue ? (inside(socket)._handle ?? undefined) : undefined;
  while (handle?._parent) handle = handle._parent;
  return handle;
}

/** The TCP socket below one of TLS; undefined for all others. */
export const belowTls = (socket: Socket) => inside(socket)._parent ?? undefined;

/** The server asks its TLS clients for a certificate. */
export const asksForCertificate = (socket: Socket) => inside(socket)._requestCert === true;

/** The server that a socket came to. */
export const serverOf = (socket: Socket) => inside(socket).server ?? undefined;

/** Its server forgets a socket that goes to another process: Node would else count it there, and wait for it at the end. */
export const withoutServer = (socket: Socket) => void Object.assign(socket, { server: null });

/** Node keeps the addresses of a socket that was asked for them, in objects, and would ask the kernel again. */
export const withoutAddresses = (socket: Socket) =>
  void Object.assign(socket, { _sockname: null, _peername: null });

/** A client that has shut down its sending side still gets its response. */
export const allowHalfOpen = (http: HttpServer) => void Object.assign(http, { httpAllowHalfOpen: true });

/** What comes from now on waits in the kernel, for another process to read it. */
export const stopReading = (socket: Socket) => inside(socket)._handle?.readStop?.();

/** Node ends the connection after a response with `destroySoon`, which resets it while the client still sends. */
export const endInPlaceOfNode = (socket: Socket, end: (this: never) => void) =>
  void Object.assign(socket, { destroySoon: end });

/**
 * Reads a socket whose parser has stopped reading by the handle, of which the stream knows nothing: it takes itself for
 * reading, and would never begin again (Node 20; where it does read, this has no effect).
 */
export const readAgain = (socket: Duplex) => void (socket instanceof Socket && socket._read(0));

type Method = 'pause' | 'resume' | 'destroy';

/** In place of a method of a socket, for a while: Node, or our own code, calls it when it must have no effect. */
export function silence(socket: Duplex, method: Method): void {
  socket[method] = function stay<T>(this: T): T {
    return this;
  };
}

/** The method has its effect again. */
export const restore = (socket: Duplex, method: Method) => void Reflect.deleteProperty(socket, method);

/** A socket that Node has let go of, and will get again: it has left two of its listeners, and adds all of them again. */
export const withoutListeners = (socket: Socket) =>
  void socket.removeAllListeners('pause').removeAllListeners('resume');

/** What still comes is not for the parser any more. */
export const withoutParser = (socket: Socket) => void socket.removeAllListeners('data');

/** Takes from a server what listens for connections. @returns lets that have one. */
export function takeConnections(http: HttpServer): (socket: Socket) => void {
  const listeners = http.listeners('connection');
  http.removeAllListeners('connection');
  return (socket) => {
    for (const listener of listeners) listener.call(http, socket);
  };
}

/** Node's parser of a connection. Without the optional parts, packets are seen as the stream has them. */
export interface Parser {
  /** The last message whose head is complete; null after it was answered. */
  readonly incoming: WsgiRequest | null;
  readonly constructor: { readonly kOnExecute?: number };
  getCurrentBuffer?(): Buffer;
  /** It reads the connection past the stream. */
  readonly _consumed?: boolean;
  [callback: number]: Callback;
}

export const parserOf = (socket: Socket) => inside(socket).parser ?? undefined;
type Callback = ((result: unknown) => void) | null | undefined;
export type PacketWatch = { execute: Callback; parsed(packet?: Buffer, result?: unknown): void };

/**
 * Calls back after each packet that the parser of a TCP connection, which it reads without its stream, was through with.
 * @returns false where that cannot be: the packets then come as `data` events of the socket, after the parser had them.
 */
export function afterEachPacket(socket: Socket, parser: Parser, watch: PacketWatch): boolean {
  const index = parser.constructor.kOnExecute;
  const execute = index === undefined ? undefined : parser[index];
  if (!internals.parserHook || index === undefined || typeof execute !== 'function') return false;
  // Over TLS it gets what the stream read, and does not call.
  if (parser.getCurrentBuffer === undefined || 'encrypted' in socket) return false;
  watch.execute = execute;
  parser[index] = (result) => {
    watch.execute?.(result);
    watch.parsed(undefined, result);
  };
  return true;
}
