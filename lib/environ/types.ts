/** The contract between gateway and application, as PEP 3333 has it, in TypeScript. */
import type { Logger } from '../logger.js';
import type { WebSocketError } from './websocket/error.js';

/** Where a handler runs: on the event loop, in a worker thread where it may block as in Python, or in either. */
export type Mode = 'async' | 'blocking' | 'either';

/** What a call gives: a promise on the event loop, the value itself in a worker thread. */
type Result<M extends Mode, T> = M extends 'blocking' ? T : Promise<T>;

/** PEP 3333's bytestring. A `Buffer` is one. */
export type Bytes = Uint8Array;

/**
 * What an application returns: zero or more bytestrings, with an optional `close()`. A block may be filled again once the next
 * one is asked for. One that is the whole body is not copied on the event loop: leave it as it is.
 */
export type Body = (Iterable<Bytes> | AsyncIterable<Bytes>) & {
  close?(): unknown;
};

export type MaybePromise<T> = T | Promise<T>;

/** Response headers, in order; both strings are native strings (one character per byte). */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** Python's `sys.exc_info()` triple, or just the value that was thrown. */
export type ExcInfo = readonly [type: unknown, value: unknown, traceback?: unknown] | Error;

/**
 * Sends a block at once (PEP 3333 "The write() Callable"). Returns a promise when the client cannot take more;
 * await it before the next block, and before you fill the same bytes again.
 */
export type Write = (data: Bytes) => void | Promise<void>;

/** PEP 3333 "The start_response() Callable". */
export type StartResponse = (status: string, headers: HeaderList, exc_info?: ExcInfo | null) => Write;

/** An application over any one type of environ. */
export type ApplicationOn<E> = (environ: E, start_response: StartResponse) => MaybePromise<Body>;

/**
 * A WSGI application: called once per request with exactly these two arguments. `Application<'blocking'>` is the same in a
 * worker thread (`run(app, { threads: 8 })`). `Application<'either'>` is for both, and awaits what it reads.
 */
export type Application<M extends Mode = 'async'> = ApplicationOn<Environ<M>>;

interface InputCalls<M extends Mode> {
  /** Up to `size` bytes; all that remain when `size` is left out, null or negative. Empty at the end. */
  read(size?: number | null): Result<M, Buffer>;
  /** One line with its LF, at most `size` bytes of it. Empty at the end. */
  readline(size?: number | null): Result<M, Buffer>;
  /** The remaining lines; with a `hint`, stops after the line that brings their total to `hint` bytes. */
  readlines(hint?: number | null): Result<M, Buffer[]>;
}

/**
 * `wsgi.input`, which iterates by line and never reads past the end of this request's body. On the event loop every result is
 * a promise; in a worker thread (`Input<'blocking'>`) every call blocks until it has its bytes, as in Python.
 */
export type Input<M extends Mode = 'async'> = M extends 'either'
  ? Input<'async'> | Input<'blocking'>
  : M extends 'blocking'
    ? InputCalls<M> & { [Symbol.iterator](): IterableIterator<Buffer> }
    : InputCalls<M> & { [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> };

/** What `receive()` of a WebSocket gives, and `onmessage`: text, or the bytes of a binary message. */
export type Message = string | Buffer;

interface WebSocketCalls<M extends Mode> {
  readonly environ: Environ<M>;
  /** The path that was asked for, as PATH_INFO. */
  readonly path: string;
  /** 13, 8 or 7. */
  readonly version: number;
  /** Sec-WebSocket-Origin of the old versions, or Origin. Only browsers send it. */
  readonly origin: string | undefined;
  /** The subprotocols that the client asked for, in its order. */
  readonly protocols: readonly string[];
  /** Set it before the handshake is answered, with the first of the client's protocols that is in it. */
  supportedProtocols: readonly string[];
  /** Whether `send` compresses by default, if the client can. */
  doCompress: boolean;
  logger: Logger;
  /** The handshake was answered. */
  readonly opened: boolean;
  /** Nothing more can be sent. Messages that arrived before may still be received. */
  readonly closed: boolean;
  /** The subprotocol that was answered; empty if none was. */
  readonly protocol: string;
  /**
   * The peer's close code (RFC 6455 section 7.4): 1005 if it gave none, 1006 if it did not close. 1001 from the
   * moment when the server begins to stop: while `closed` is still false, messages can be sent.
   */
  readonly closeCode: number | undefined;
  readonly closeReason: string | undefined;
  /** Why the connection failed, if it did: a `ProtocolError` or a `FrameTooLargeError`. */
  readonly error: WebSocketError | undefined;
  /** Bytes that were sent and wait for the peer to read, or for the network: 0 when all is on its way. */
  readonly bufferedAmount: number;
  /**
   * Answers the handshake with 101. Does nothing once it was answered.
   * @param protocol one of `protocols`; left out, `supportedProtocols` decides.
   * @param headers for the 101, such as Set-Cookie.
   * @throws WebSocketError if the request was already answered, with headers also if it was with a 101, or the client has
   *   closed the connection; ApplicationError for headers that `start_response` would refuse, or of the handshake itself.
   */
  accept(protocol?: string | null, headers?: HeaderList): void;
  /**
   * The next message; null, once, when the peer closed or failed, or the server stops. Answers the handshake.
   *
   * A stop lets the message in work be answered: until the handler asks for the next one, or ends, the connection stays
   * as it is (up to `gracefulTimeout`). What the peer sent and was not received by then is dropped; the peer gets 1001.
   * @param timeout seconds, a fraction is fine; left out or null: as long as it takes.
   * @throws ReceiveTimeout if none came in that time: the next call gets it. WebSocketError after the null.
   */
  receive(timeout?: number | null): Result<M, Message | null>;
  /**
   * Sends a message: text as a text frame, bytes as a binary one, unless `binary` says otherwise. Answers the handshake.
   * The bytes are not copied: leave them as they are. A worker thread blocks while the peer reads too slowly.
   * @returns on the event loop a promise if the peer reads too slowly: await it before the next message.
   * @throws WebSocketError if the connection is closed.
   */
  send(
    message: string | Bytes,
    binary?: boolean | null,
    doCompress?: boolean,
  ): M extends 'blocking' ? void : void | Promise<void>;
  /**
   * Sends a ping, which the peer answers by itself; the answer is not shown. Answers the handshake.
   * @param data up to 125 bytes.
   * @returns as `send`.
   * @throws WebSocketError if the connection is closed; ProtocolError for more bytes.
   */
  ping(data?: string | Bytes): M extends 'blocking' ? void : void | Promise<void>;
  /**
   * From now on the client gets what is published on `topic`, also while the handler sleeps or blocks. Answers the handshake.
   * @param topic 1 to 1024 characters; with a trailing `*`, all topics that begin with what is before it.
   * @throws TypeError for another topic; WebSocketError if the connection is closed.
   */
  subscribe(topic: string): void;
  /** @param topic as it was given to `subscribe`. Does nothing for another. */
  unsubscribe(topic: string): void;
  /**
   * Sends a message to all members of a topic but this one, in whatever thread, process or server they are. Also when this
   * connection is closed.
   * @param message text goes out as a text frame, bytes, which are copied, as a binary one.
   * @returns on the event loop a promise if much was published in this turn: await it before the next message.
   * @throws TypeError for another topic or message.
   */
  publish(topic: string, message: string | Bytes): M extends 'blocking' ? void : void | Promise<void>;
  /**
   * Closes the connection; what was not received yet is dropped. Does nothing if it is closed already.
   * @returns on the event loop a promise that settles when the connection is closed: once the peer has answered, or was
   *   given up. A worker thread blocks until then.
   */
  close(code?: number, message?: string | Bytes): Result<M, void>;
}

/**
 * `wsgi.websocket`, which iterates by message to the end of the connection. Until the handshake is answered the application
 * may refuse it with an ordinary `start_response('403 Forbidden', …)`. In a worker thread (`WebSocket<'blocking'>`) every
 * call blocks.
 */
export type WebSocket<M extends Mode = 'async'> = M extends 'either'
  ? WebSocket<'async'> | WebSocket<'blocking'>
  : M extends 'blocking'
    ? WebSocketCalls<M> & { [Symbol.iterator](): Iterator<Message, void, undefined> }
    : WebSocketCalls<M> & { [Symbol.asyncIterator](): AsyncIterator<Message, undefined> };

/** `wsgi.errors`: text, written as it comes. */
export interface ErrorStream {
  write(text: string): void;
  writelines(lines: Iterable<string>): void;
  flush(): void;
}

/** What `wsgi.file_wrapper` takes: anything with `read(size)`, a Node `FileHandle`, or an `fs.ReadStream`. */
export interface FileLike {
  read(size: number): MaybePromise<Bytes | null>;
  close?(): unknown;
}

/** gunicorn's `wsgi.early_hints`: sends a 103 with these headers. Does nothing on HTTP/1.0 or once the head was sent. */
export type EarlyHints = (headers: HeaderList) => void;

/**
 * Keys of servers, middleware and applications beyond those of PEP 3333. One with a dot in its name is unknown, until a
 * project declares what it holds:
 *
 *     declare module 'wsgi' {
 *       interface EnvironExtensions {
 *         'myapp.user'?: User;
 *       }
 *     }
 */
export interface EnvironExtensions {
  [key: `${string}.${string}`]: unknown;
}

interface RequestEnviron<M extends Mode> extends EnvironExtensions {
  REQUEST_METHOD: string;
  SCRIPT_NAME: string;
  PATH_INFO: string;
  QUERY_STRING: string;
  CONTENT_TYPE?: string;
  CONTENT_LENGTH?: string;
  SERVER_NAME: string;
  SERVER_PORT: string;
  SERVER_PROTOCOL: string;
  SERVER_SOFTWARE: string;
  GATEWAY_INTERFACE: string;
  REMOTE_ADDR: string;
  REMOTE_PORT?: string;
  /** The request target exactly as sent. */
  REQUEST_URI: string;
  /** The same, under gunicorn's name. */
  RAW_URI: string;
  /** With the PROXY protocol: TCP4, TCP6, UNIX, UNSPEC, UNKNOWN or LOCAL; and where the client connected to, as the proxy says. */
  PROXY_PROTOCOL?: string;
  PROXY_ADDR?: string;
  PROXY_PORT?: string;
  /** Of the certificate of a TLS client, with the names and forms of Apache's mod_ssl. */
  [key: `SSL_CLIENT_${string}`]: string | undefined;
  [key: `HTTP_${string}`]: string | undefined;

  // Set by web servers that start a CGI script (RFC 3875 section 4.1, Apache, lighttpd), or by middleware.
  AUTH_TYPE?: string;
  PATH_TRANSLATED?: string;
  REMOTE_HOST?: string;
  REMOTE_IDENT?: string;
  REMOTE_USER?: string;
  DOCUMENT_ROOT?: string;
  SCRIPT_FILENAME?: string;
  HTTPS?: string;
  [key: `SSL_${string}`]: string | undefined;

  'wsgi.version': readonly [1, 0];
  'wsgi.url_scheme': 'http' | 'https';
  'wsgi.input': Input<M>;
  'wsgi.errors': ErrorStream;
  'wsgi.multithread': boolean;
  'wsgi.multiprocess': boolean;
  'wsgi.run_once': boolean;
  /** True: reading `wsgi.input` to its end is safe, it ends by itself. */
  'wsgi.input_terminated': true;
  'wsgi.file_wrapper': (file: object, blockSize?: number) => Body;
  'wsgi.early_hints'?: EarlyHints;
  /** Upgrade requests only: see `WebSocket`. */
  'wsgi.websocket'?: WebSocket<M>;
  'wsgi.websocket_version'?: string;
  /** Fires when the client closes the connection before its response is complete. */
  'node.abort_signal': AbortSignal;
  /** True on the event loop: never block here. False in a worker thread, which may. */
  'node.nonblocking': M extends 'blocking' ? false : true;
}

/** The members of an interface as a type that passes for `Record<string, unknown>` too, which an interface does not. */
type Dict<T> = { [K in keyof T]: T[K] };

/**
 * A request as PEP 3333 sees it. Behaves as Python's built-in dict: nothing is inherited, so `key in environ`
 * and `Object.keys` mean what they mean in Python. CGI values are native strings: bytes decoded as latin-1.
 *
 * `Environ` is that of a handler on the event loop, `Environ<'blocking'>` of one in a worker thread, where nothing needs
 * `await`, and `Environ<'either'>` of one for both. Keys that are not listed are declared in `EnvironExtensions`.
 */
export type Environ<M extends Mode = 'async'> = M extends 'either'
  ? Environ<'async'> | Environ<'blocking'>
  : Dict<RequestEnviron<M>>;

/** A mode, or an environ of one. */
export type EnvironOf<T extends Mode | Environ<'either'>> = T extends Mode ? Environ<T> : T;

/** `Environ<'either'>`. */
export type AnyEnviron = Environ<'either'>;
/** `Environ<'blocking'>`. */
export type BlockingEnviron = Environ<'blocking'>;
/** `Application<'blocking'>`. */
export type BlockingApplication = Application<'blocking'>;
/** `Input<'blocking'>`. */
export type BlockingInput = Input<'blocking'>;
/** `WebSocket<'blocking'>`. */
export type BlockingWebSocket = WebSocket<'blocking'>;

/** The type of `environ['wsgi.websocket']` that goes with an environ. */
export type WebSocketOn<E extends Environ<'either'>> = NonNullable<E['wsgi.websocket']>;
