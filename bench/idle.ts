/** What an idle connection costs the server in memory. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ServerProcess } from './server-process.js';
import { open } from './websocket-load.js';

/** KiB of resident memory for each of as many idle connections. */
export async function idleMemory(
  name: string,
  kind: 'keep-alive' | 'websocket',
  count: number,
): Promise<number> {
  const server = await ServerProcess.node(name);
  try {
    await openMany(server.port, kind, 50, name);
    await delay(300);
    const before = server.memory('now');
    const close = await openMany(server.port, kind, count, name);
    await delay(300);
    const after = server.memory('now');
    close();
    return ((after - before) * 1024) / count;
  } finally {
    server.stop();
  }
}

async function openMany(port: number, kind: string, count: number, name: string): Promise<() => void> {
  const closers: (() => void)[] = [];
  for (let opened = 0; opened < count; opened += 50) {
    const batch = Array.from({ length: Math.min(50, count - opened) }, async () => {
      if (kind === 'websocket') {
        const socket = await open(`ws://127.0.0.1:${port}${name === 'wsgi' ? '/ws' : '/'}`);
        closers.push(() => socket.terminate());
      } else {
        const socket = await used(port);
        closers.push(() => socket.destroy());
      }
    });
    await Promise.all(batch);
  }
  return () => {
    for (const close of closers) close();
  };
}

/** A connection that has served one request and waits for the next. */
function used(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  });
}
