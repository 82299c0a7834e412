/** One room: what any connection sends goes to all. With this package, and as a loop over `ws`. */
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type Application, makeServer, publish } from 'wsgi';

export const application: Application = async (environ) => {
  const wsock = environ['wsgi.websocket'];
  if (wsock === undefined) throw new Error('Only WebSockets are served');
  wsock.subscribe('room');
  // Told to the client, which may then count on it.
  await wsock.send('in');
  for await (const message of wsock) await publish('room', message);
  return [];
};

export async function wsgiRoom(): Promise<number> {
  // The members of the bench do not answer pings.
  return (await makeServer('127.0.0.1', 0, application, { websocketPingInterval: 0 })).serverPort;
}

export function rawRoom(): Promise<number> {
  return new Promise((resolve) => {
    // As this package has it; without an offer of the client nothing is compressed.
    const perMessageDeflate = { serverNoContextTakeover: true, threshold: 1024 };
    const server: WebSocketServer = new WebSocketServer(
      { port: 0, host: '127.0.0.1', perMessageDeflate },
      () => resolve((server.address() as AddressInfo).port),
    );
    server.on('connection', (socket) => {
      socket.send('in');
      socket.on('message', (data, isBinary) => {
        for (const client of server.clients) {
          if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
        }
      });
    });
  });
}
