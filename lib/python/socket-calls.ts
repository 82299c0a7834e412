/** Calls of `wsgi.websocket` in Python, made on the gateway's own (lib/python/py/wsgi_gateway/websocket.py). */
import type { Message, WebSocket } from '../environ/types.js';
import { WebSocketError } from '../environ/websocket/error.js';
import { pack } from './messages.js';

/** Method, arguments, and the subprotocols that the application supports. */
export type SocketCall = readonly [method: string, args: readonly unknown[], supported: readonly string[]];

/** What rooms add to a WebSocket, where the server has them. */
interface Rooms {
  subscribe?(topic: string): unknown;
  unsubscribe?(topic: string): unknown;
  publish?(topic: string, message: Message): unknown;
}

/** @returns the payload of the answer. Throws, or rejects with, what Python is to raise. */
export async function callSocket(
  socket: WebSocket | undefined,
  [method, args, supported]: SocketCall,
  data: Buffer,
): Promise<Buffer> {
  if (socket === undefined) throw new WebSocketError('This is no WebSocket request');
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
    default:
      await callRoom(socket, method, args, data);
  }
  return pack(null);
}

async function callRoom(socket: WebSocket & Rooms, method: string, args: readonly unknown[], data: Buffer) {
  const call =
    method === 'subscribe' || method === 'unsubscribe' || method === 'publish' ? method : undefined;
  const [topic, isText] = args as [string, boolean | undefined];
  if (call === undefined || typeof socket[call] !== 'function') {
    throw new WebSocketError(`This server has no ${method}() for WebSockets`);
  }
  if (call === 'publish') await socket.publish?.(topic, isText ? data.toString() : data);
  else await socket[call]?.(topic);
}

function stateOf(socket: WebSocket): object {
  const { closed, protocol, closeCode = null, closeReason = null, bufferedAmount } = socket;
  return { closed, protocol, closeCode, closeReason, bufferedAmount };
}

function packMessage(message: Message | null): Buffer {
  if (message === null) return pack('none');
  return typeof message === 'string' ? pack('text', Buffer.from(message)) : pack('binary', message);
}
