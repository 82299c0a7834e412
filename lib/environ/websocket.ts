/** `wsgi.websocket`: an open door that the first `receive()`, `send()` or `accept()` goes through. */
import { WsgiError } from '../errors.js';

/** The connection is not, or no longer, open for what was asked. */
export class WebSocketError extends WsgiError {
  constructor(message: string, code = 'WSGI_ERR_WEBSOCKET') {
    super(code, message);
  }
}

export class WebSocket {}
