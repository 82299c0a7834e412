/** The contract between gateway and application, as PEP 3333 has it, in TypeScript. */
import type { BlockingWebSocket, WebSocket } from './websocket/websocket.js';

/** PEP 3333's bytestring. A `Buffer` is one. */
export type Bytes = Uint8Array;

/** What an application returns: zero or more bytestrings, with an optional `close()`. */
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
 * await it before the next block.
 */
export type Write = (data: Bytes) => void | Promise<void>;

/** PEP 3333 "The start_response() Callable". */
export type StartResponse = (status: string, headers: HeaderList, exc_info?: ExcInfo | null) => Write;

/** An application over one kind of environ. */
export type ApplicationOn<E> = (environ: E, start_response: StartResponse) => MaybePromise<Body>;

/** A WSGI application: called once per request with exactly these two arguments. */
export type Application = ApplicationOn<Environ>;

/**
 * The same in a worker thread (`run(app, { threads: 8 })`), where it may block as in Python. One for both takes
 * `Environ | BlockingEnviron`, and awaits what it reads.
 */
export type BlockingApplication = ApplicationOn<BlockingEnviron>;

/** `wsgi.input` on the event loop: every result is a promise; never reads past the end of this request's body. */
export interface Input {
  /** Up to `size` bytes; all that remain when `size` is left out, null or negative. Empty at the end. */
  read(size?: number | null): Promise<Buffer>;
  /** One line with its LF, at most `size` bytes of it. Empty at the end. */
  readline(size?: number | null): Promise<Buffer>;
  /** The remaining lines; with a `hint`, stops after the line that brings their total to `hint` bytes. */
  readlines(hint?: number | null): Promise<Buffer[]>;
  /** Iterates by line. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer>;
}

/** `wsgi.input` in a worker thread: every call blocks until it has its bytes, as in Python. Otherwise as `Input`. */
export interface BlockingInput {
  read(size?: number | null): Buffer;
  readline(size?: number | null): Buffer;
  readlines(hint?: number | null): Buffer[];
  /** Iterates by line. */
  [Symbol.iterator](): IterableIterator<Buffer>;
}

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

/** gunicorn's `wsgi.early_hints`: sends a 103 with these headers. Does nothing on HTTP/1.0 or once the head went. */
export type EarlyHints = (headers: HeaderList) => void;

/**
 * A request as PEP 3333 sees it. Behaves as Python's built-in dict: nothing is inherited, so `key in environ`
 * and `Object.keys` mean what they mean in Python. CGI values are native strings: bytes decoded as latin-1.
 */
interface EnvironOfEither {
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
  'wsgi.version': readonly [1, 0];
  'wsgi.url_scheme': 'http' | 'https';
  'wsgi.errors': ErrorStream;
  'wsgi.multithread': boolean;
  'wsgi.multiprocess': boolean;
  'wsgi.run_once': boolean;
  /** True: reading `wsgi.input` to its end is safe, it ends by itself. */
  'wsgi.input_terminated': true;
  'wsgi.file_wrapper': (file: object, blockSize?: number) => Body;
  'wsgi.early_hints'?: EarlyHints;
  'wsgi.websocket_version'?: string;
  /** Fires when the client goes away before its response is complete. */
  'node.abort_signal': AbortSignal;
  [key: `HTTP_${string}`]: string | undefined;
  [key: string]: unknown;
}

/** The environ of a handler on the event loop. */
export interface Environ extends EnvironOfEither {
  'wsgi.input': Input;
  /** Upgrade requests only: see `WebSocket`. */
  'wsgi.websocket'?: WebSocket;
  /** On the event loop: never block here. */
  'node.nonblocking': true;
}

/** The environ of a handler in a worker thread, where nothing needs `await`. */
export interface BlockingEnviron extends EnvironOfEither {
  'wsgi.input': BlockingInput;
  /** Upgrade requests only: see `BlockingWebSocket`. */
  'wsgi.websocket'?: BlockingWebSocket;
  /** In a thread of its own: block as long as you like. */
  'node.nonblocking': false;
}

/** What a handler for both modes takes. */
export type AnyEnviron = Environ | BlockingEnviron;

/** The class of `environ['wsgi.websocket']` that goes with an environ. */
export type WebSocketOn<E extends AnyEnviron> = NonNullable<E['wsgi.websocket']>;
