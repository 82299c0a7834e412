/** Responses on a socket that Node has let go of, and on none: what is used of Node's inside for them, as in node-internals.ts. */
import type { Socket } from 'node:net';
import { type IncomingMessage, ServerResponse } from '../../node-http.js';

/** The response that Node is sending on a socket. */
export function responseOn(socket: Socket): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** A socket that Node has let go of, and will get again: it has left two of its listeners, and adds all of them again. */
export function withoutListeners(socket: Socket): void {
  for (const name of ['pause', 'resume']) socket.removeAllListeners(name);
}

/**
 * A response on a socket that Node has let go of.
 * @param free called when it is sent and the connection may go on; otherwise the connection is closed.
 */
export function respondOn(
  socket: Socket,
  message: IncomingMessage,
  keepAlive: boolean,
  free: () => void,
): ServerResponse {
  const response = new FreeResponse(message);
  response.shouldKeepAlive = keepAlive;
  response.assignSocket(socket);
  response.on('finish', () => {
    response.detachSocket(socket);
    if (response.shouldKeepAlive) free();
    else socket.destroySoon();
  });
  return response;
}

/** On a socket that is Node's own, Node says when the client can take more. */
class FreeResponse extends ServerResponse {
  readonly #drained = () => this.emit('drain');

  override assignSocket(socket: Socket): void {
    super.assignSocket(socket);
    socket.on('drain', this.#drained);
  }

  override detachSocket(socket: Socket): void {
    socket.removeListener('drain', this.#drained);
    super.detachSocket(socket);
  }
}

/** A response without a connection, to a request that nobody sent. */
export function unconnectedResponse(): ServerResponse {
  const message = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1 } as IncomingMessage;
  return new ServerResponse(message);
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
