/** What `wsgi.websocket` throws. */
import { WsgiError } from '../../errors.js';

/** The connection was closed, by either side, before the call. */
export const ALREADY_CLOSED = 'Connection is already closed';
/** The peer disappeared without a close frame, or nothing more can be written to it. */
export const SOCKET_DEAD = 'Socket is dead';

/** The code of every error that only says that the connection is closed: never an application's fault. */
export const CLOSED_CODE = 'WSGI_ERR_WEBSOCKET_CLOSED';

/** The connection is not open for what was asked, or not any more. */
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

/** `receive(timeout)` got no message in that time. The connection stays as it was, and the next message is not lost. */
export class ReceiveTimeout extends WsgiError {
  constructor(seconds: number) {
    super('WSGI_ERR_RECEIVE_TIMEOUT', `No message came within ${seconds} s`);
  }
}

/** Whether an error only says that the connection is closed. */
export function isClosedError(thrown: unknown): boolean {
  try {
    return thrown instanceof WebSocketError && thrown.code === CLOSED_CODE;
  } catch {
    // A Proxy may throw when its type is looked at.
    return false;
  }
}

/** @param message one of the two above. */
export function closedError(message: string): WebSocketError {
  return new WebSocketError(message, CLOSED_CODE);
}
