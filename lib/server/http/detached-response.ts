/** Responses on a socket that Node has let go of, or on none: it does for them by hand what Node does for its own. */
import type { Socket } from 'node:net';
import { type IncomingMessage, ServerResponse } from '../../node-http.js';
import { responseOn } from './node-internals.js';

/** On a socket that Node has let go of. @param free called when it is sent and the connection goes on; else that is closed. */
export function respondOn(socket: Socket, message: IncomingMessage, keepAlive: boolean, free: () => void) {
  const response = new ServerResponse(message);
  response.shouldKeepAlive = keepAlive;
  response.assignSocket(socket);
  socket.on('drain', tellDrain);
  response.on('finish', () => {
    socket.removeListener('drain', tellDrain);
    response.detachSocket(socket);
    if (response.shouldKeepAlive) free();
    else socket.destroySoon();
  });
  return response;
}

/** As Node does on a socket of its own. */
export function tellDrain(this: Socket): void {
  responseOn(this)?.emit('drain');
}

/** A response without a connection, to a request that nobody sent. */
export function unconnectedResponse(): ServerResponse {
  return new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage);
}

/** A response without a connection has all of its body: it says so as Node does after the last byte, and is closed. */
export function finishResponse(response: ServerResponse): void {
  // Newer Nodes (26) keep what it says where only their own end() reaches it.
  Object.defineProperty(response, 'writableFinished', { value: true, configurable: true });
  response.emit('finish');
  process.nextTick(() => {
    Object.assign(response, { destroyed: true, _closed: true });
    response.emit('close');
  });
}
