/** The error family: each has a `code`, and those that a client caused have the HTTP status that answers it. */

/** Every `code` of a WsgiError, but for the rules of `wsgi/validate`. They are stable. */
export type WsgiErrorCode =
  | 'WSGI_ERR_APPLICATION'
  | 'WSGI_ERR_BAD_REQUEST'
  | 'WSGI_ERR_BUSY'
  | 'WSGI_ERR_CLIENT_DISCONNECTED'
  | 'WSGI_ERR_CONFIG'
  | 'WSGI_ERR_CONTENT_TOO_LARGE'
  | 'WSGI_ERR_RECEIVE_TIMEOUT'
  | 'WSGI_ERR_REQUEST_TIMEOUT'
  | 'WSGI_ERR_SLOW_SUBSCRIBER'
  | 'WSGI_ERR_TESTING_BODY'
  | 'WSGI_ERR_TESTING_REDIRECT'
  | 'WSGI_ERR_WEBSOCKET'
  | 'WSGI_ERR_WEBSOCKET_CLOSED'
  | 'WSGI_ERR_WEBSOCKET_FRAME_TOO_LARGE'
  | 'WSGI_ERR_WEBSOCKET_PROTOCOL';

/**
 * Base of every error that this package throws. The `code` of a WsgiAssertionError (`wsgi/validate`) is the rule that was
 * broken, `environ-missing-key` for example: rules have dashes.
 */
export class WsgiError extends Error {
  readonly code: WsgiErrorCode | `${string}-${string}`;

  constructor(code: WsgiError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The application broke a rule of PEP 3333; the gateway answers 500 and logs it. */
export class ApplicationError extends WsgiError {
  constructor(message: string, options?: ErrorOptions) {
    super('WSGI_ERR_APPLICATION', message, options);
  }
}

/** Options, a command line or a config file that cannot work; the message is one sentence. */
export class ConfigError extends WsgiError {
  constructor(message: string, options?: ErrorOptions) {
    super('WSGI_ERR_CONFIG', message, options);
  }
}

/** The client's fault. `status` is the HTTP status that says so (RFC 9110 section 15.5). */
export class RequestError extends WsgiError {
  readonly status: number;

  constructor(status: number, message: string, code: WsgiError['code'] = 'WSGI_ERR_BAD_REQUEST') {
    super(code, message);
    this.status = status;
  }
}

/** A RequestError that can be answered with its status. Takes anything that an application threw, a Proxy too. */
export function isRequestError(error: unknown): error is RequestError {
  try {
    if (!(error instanceof RequestError) || typeof error.message !== 'string') return false;
    const { status } = error;
    return Number.isInteger(status) && status >= 400 && status <= 599;
  } catch {
    return false;
  }
}

/** The client closed the connection; every read and write after that throws it. Never logged as an application's error. */
export class ClientDisconnected extends RequestError {
  constructor(message = 'the client closed the connection') {
    super(400, message, 'WSGI_ERR_CLIENT_DISCONNECTED');
  }
}

/** A request body, or a part of it, over a limit: 413 (RFC 9110 section 15.5.14). The message names the limit. */
export class ContentTooLarge extends RequestError {
  constructor(message: string) {
    super(413, message, 'WSGI_ERR_CONTENT_TOO_LARGE');
  }
}

/** The client took too long to send its request: 408 (RFC 9110 section 15.5.9). */
export class RequestTimeout extends RequestError {
  constructor(message: string) {
    super(408, message, 'WSGI_ERR_REQUEST_TIMEOUT');
  }
}

/** Too many requests wait for a thread: 503 (RFC 9110 section 15.6.4). */
export class ServerBusy extends RequestError {
  /** Seconds, for the header Retry-After. */
  readonly retryAfter = 1;

  constructor(message = 'The server is busy: try again in a moment') {
    super(503, message, 'WSGI_ERR_BUSY');
  }
}

/** More messages of a topic wait than may (`maxBacklog`), for its subscriber takes them too slowly: 503. */
export class SlowSubscriber extends RequestError {
  constructor(message: string) {
    super(503, message, 'WSGI_ERR_SLOW_SUBSCRIBER');
  }
}
