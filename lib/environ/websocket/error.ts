/** What `wsgi.websocket` throws. */
import { WsgiError } from '../../errors.js';

/** The connection was closed, by whom ever, and the call came after that. */
export const ALREADY_CLOSED = 'Connection is already closed';
/** The connection was closed while the call waited. */
export const CLOSED = 'Connection closed';
/** The peer is gone without a word, or nothing more can be written to it. */
export const SOCKET_DEAD = 'Socket is dead';

/** The code of every error that only says that the connection is no longer there: never an application's fault. */
export const GONE = 'WSGI_ERR_WEBSOCKET_CLOSED';

/** The connection is not, or no longer, open for what was asked. */
export class WebSocketError extends WsgiError {
  constructor(message: string, code: WsgiError['code'] = 'WSGI_ERR_WEBSOCKET') {
    super(code, message);
  }
}

/** RFC 6455 was broken: by the peer (`WebSocket.error`), or by the arguments of a call (thrown). */
export class ProtocolError extends WebSocketError {
  constructor(message: string, code: WsgiError['code'] = 'WSGI_ERR_WEBSOCKET_PROTOCOL') {
    super(message, code);
  }
}

/** A message of the peer was over the limit; the connection was closed with 1009 (`WebSocket.error`). */
export class FrameTooLargeError extends ProtocolError {
  constructor(message: string) {
    super(message, 'WSGI_ERR_WEBSOCKET_FRAME_TOO_LARGE');
  }
}

/** `receive(timeout)` of a `BlockingWebSocket` waited that long for nothing. The connection is as open as before. */
export class ReceiveTimeout extends WsgiError {
  constructor(seconds: number) {
    super('WSGI_ERR_RECEIVE_TIMEOUT', `No message came within ${seconds} s`);
  }
}

/** True of what only says that the connection is no longer there. */
export function isGoneError(thrown: unknown): boolean {
  try {
    return thrown instanceof WebSocketError && thrown.code === GONE;
  } catch {
    // A Proxy may throw when it is asked.
    return false;
  }
}

/** @param message one of the three above. */
export function goneError(message: string): WebSocketError {
  return new WebSocketError(message, GONE);
}
