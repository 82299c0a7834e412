/** Load over WebSocket: connections that keep a number of messages in flight. */
import { WebSocket } from 'ws';

export interface WebSocketLoad {
  path: string;
  /** Bytes of a text message. */
  size: number;
  inFlight: number;
  connections: number;
  /** Milliseconds. */
  time: number;
}

/** @returns how many echoes came back. */
export async function webSocketLoad(port: number, load: WebSocketLoad): Promise<number> {
  const message = 'm'.repeat(load.size);
  const sockets = await Promise.all(
    Array.from({ length: load.connections }, () => open(`ws://127.0.0.1:${port}${load.path}`)),
  );
  let echoes = 0;
  for (const socket of sockets) {
    socket.on('message', () => {
      echoes++;
      socket.send(message);
    });
    for (let i = 0; i < load.inFlight; i++) socket.send(message);
  }
  await new Promise((resolve) => setTimeout(resolve, load.time));
  const total = echoes;
  for (const socket of sockets) socket.terminate();
  return total;
}

/** Opens a connection; also for counting what idle ones cost. */
export function open(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}
