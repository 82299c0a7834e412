/**
 * What an idle connection costs the server in memory. The young generation is fixed: Node lets it grow by megabytes while
 * connections are made, more for one server than for another, which says nothing about what they keep.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BROWSER } from './http-load.js';
import { ServerProcess } from './server-process.js';
import { spoken } from './websocket-load.js';

/** KiB of resident memory for each of as many idle connections. */
export async function idleMemory(
  name: string,
  kind: 'keep-alive' | 'websocket' | 'deflate',
  count: number,
): Promise<number> {
  const server = await ServerProcess.node(name, ['--max-semi-space-size=2']);
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
      if (kind !== 'keep-alive') {
        const socket = await spoken(port, name === 'wsgi' ? '/ws' : '/', kind === 'deflate');
        closers.push(() => socket.destroy());
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
    socket.write(`${['GET / HTTP/1.1', 'Host: 127.0.0.1', ...BROWSER].join('\r\n')}\r\n\r\n`);
  });
}
