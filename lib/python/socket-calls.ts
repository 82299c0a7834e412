/** Calls of `wsgi.websocket` in Python that wait for an answer, made on the gateway's own (lib/python/py/wsgi_gateway/websocket.py). */
import type { Message, WebSocket } from '../environ/types.js';
import { WebSocketError } from '../environ/websocket/error.js';
import { pack } from './messages.js';

/** Method, arguments, and the subprotocols that the application supports. */
export type SocketCall = readonly [method: string, args: readonly unknown[], supported: readonly string[]];

/** @returns the payload of the answer. Throws, or rejects with, what Python is to raise. */
export async function callSocket(
  socket: WebSocket | undefined,
  [method, args, supported]: SocketCall,
  data: Buffer,
): Promise<Buffer> {
  if (socket === undefined) throw new WebSocketError('This is not a WebSocket request');
  if (!socket.opened) socket.supportedProtocols = supported;
  switch (method) {
    case 'state':
      return pack(stateOf(socket));
    case 'accept':
      socket.accept(args[0] as string | null, args[1] as [string, string][]);
      break;
    case 'receive':
      return packMessage(await socket.receive(args[0] as number | null));
    case 'send': {
      const [isText, binary, compress] = args as [boolean, boolean | null, boolean];
      await socket.send(isText ? data.toString() : data, binary, compress);
      break;
    }
    case 'ping':
      await socket.ping(data);
      break;
    case 'close':
      await socket.close(args[0] as number, data);
      break;
    case 'subscribe':
      socket.subscribe(args[0] as string);
      break;
    case 'unsubscribe':
      socket.unsubscribe(args[0] as string);
      break;
    case 'publish': {
      const [topic, isText] = args as [string, boolean];
      await socket.publish(topic, isText ? data.toString() : data);
      break;
    }
    default:
      throw new WebSocketError(`There is no ${method}() for WebSockets`);
  }
  return pack(null);
}

function stateOf(socket: WebSocket): object {
  const { closed, protocol, closeCode = null, closeReason = null, bufferedAmount } = socket;
  return { closed, protocol, closeCode, closeReason, bufferedAmount };
}

/** As Python takes it apart: its kind, and its bytes. */
export function packMessage(message: Message | null): Buffer {
  if (message === null) return pack('none');
  return typeof message === 'string' ? pack('text', Buffer.from(message)) : pack('binary', message);
}
