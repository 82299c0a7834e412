/** Run with --expose-gc by memory.spec.ts: serves much, and prints what the heap holds in between, as JSON. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Application } from '../../lib/environ/types.js';
import { makeServer } from '../../lib/server/server.js';
import { frame, RawWebSocket, TEXT } from '../support/frames.js';

const PARTS = 8;

/** Of clients that stay. */
const kept: Socket[] = [];

const aborted = (signal: AbortSignal) => once(signal, 'abort');

const app: Application = async (environ, start_response) => {
  const websocket = environ['wsgi.websocket'];
  if (websocket !== undefined) {
    for await (const message of websocket) await websocket.send(message);
    return [];
  }
  if (environ.PATH_INFO === '/unread') await aborted(environ['node.abort_signal']);
  await environ['wsgi.input'].read();
  environ['node.abort_signal'].addEventListener('abort', () => {});
  start_response('200 OK', [['Content-Type', 'text/plain']]);
  return [Buffer.from('answer')];
};

const work: Record<string, (port: number) => Promise<void>> = {
  /** 25 connections with 100 requests each, one in four refused its upgrade. */
  async requests(port) {
    const kinds = [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /?x HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    ];
    await Promise.all(
      Array.from({ length: 25 }, async () => {
        const socket = connect(port, '127.0.0.1').setEncoding('latin1');
        for (let i = 0; i < 100; i++) {
          socket.write(kinds[i % kinds.length] as string);
          for (let text = ''; !text.endsWith('answer'); ) text += (await once(socket, 'data'))[0];
        }
        socket.end();
        await once(socket, 'close');
      }),
    );
  },
  /** 2 connections that stay, with a body of which each byte is a chunk: one is read, one is not. */
  async chunks(port) {
    for (const path of ['/read', '/unread']) {
      const socket = connect(port, '127.0.0.1');
      socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`);
      socket.write('1\r\nx\r\n'.repeat(60_000));
      kept.push(socket);
    }
    await delay(200);
  },
  /** 250 WebSockets, each with one message, closed in one way or another. */
  async websockets(port) {
    for (let i = 0; i < 10; i++) {
      await Promise.all(
        Array.from({ length: 25 }, async (_, n) => {
          const client = await RawWebSocket.connect(port);
          await client.send(frame(TEXT, 'hello'));
          await client.next();
          if (n % 3 === 0) client.socket.resetAndDestroy();
          else if (n % 3 === 1) client.destroy();
          else await client.send(frame(8));
          if (!client.closed) await client.toEnd();
          client.destroy();
        }),
      );
    }
  },
};

const server = await makeServer('127.0.0.1', 0, app);
const heap: number[] = [];
const run = work[process.argv[2] ?? ''];
for (let i = 0; i < PARTS; i++) {
  await run?.(server.serverPort);
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  heap.push(heapUsed + external);
}
for (const socket of kept) socket.destroy();
await server.close();
process.stdout.write(JSON.stringify(heap));
