/** Clients that do not read: no other client waits for them, and what they were sent is bounded and comes back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { until } from '../../support/until.js';
import { WebSocketClient } from '../../support/web-socket-client.js';
import { Threads } from './support.js';

const MIB = 1024 * 1024;
/** More than the kernel takes for a client that does not read. */
const LARGE = 16 * MIB;

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const TLS_FILES = { certfile: fixture('localhost-cert.pem'), keyfile: fixture('localhost-key.pem') };

describe('a client that does not read', () => {
  let threads: Threads;
  const slow: Socket[] = [];
  afterEach(async () => {
    for (const socket of slow.splice(0)) socket.destroy();
    await threads.stop();
  });

  async function request(text: string): Promise<Socket> {
    const place = { port: threads.port, host: '127.0.0.1' };
    const secure = threads.server.options.certfile !== undefined;
    const socket = secure ? connectTls({ ...place, rejectUnauthorized: false }) : connect(place);
    socket.on('error', () => {});
    slow.push(socket);
    await once(socket, secure ? 'secureConnect' : 'connect');
    const before = threads.record.filter((line) => line === 'large').length;
    socket.pause();
    socket.write(text);
    await threads.wrote('large', before + 1);
    return socket;
  }

  const get = (target: string, version = '1.1') => `GET ${target} HTTP/${version}\r\nHost: h\r\n\r\n`;

  async function expectOthersServed(): Promise<void> {
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => threads.text('/hello')));
      expect(answers).to.deep.equal(Array(8).fill('hello'));
    }
    const large = await threads.fetch(`/large?${3 * MIB}`);
    expect((await large.arrayBuffer()).byteLength).to.equal(3 * MIB);
  }

  for (const version of ['1.0', '1.1']) {
    it(`of a body in one block frees its thread at once (HTTP/${version})`, async () => {
      threads = await Threads.start({ threads: 2 });
      // More of them than threads: none keeps one.
      for (let i = 0; i < 4; i++) await request(get(`/large?${LARGE}`, version));
      await expectOthersServed();
    });
  }

  it('frees its thread over TLS too, and has every byte once it reads', async () => {
    threads = await Threads.start({ threads: 1, ...TLS_FILES });
    const socket = await request(get(`/large?${4 * MIB}`, '1.0'));
    const other = await request(get('/large?5', '1.0'));
    expect(await bodyLength(other)).to.equal(5);
    expect(await bodyLength(socket)).to.equal(4 * MIB);
  });

  it('of many blocks keeps its own thread, and no other', async () => {
    threads = await Threads.start({ threads: 2 });
    await request(get(`/large-parts?${LARGE}`));
    await expectOthersServed();
  });

  it('of a WebSocket delays no other once its handler is done', async () => {
    threads = await Threads.start({ threads: 1 });
    const client = await WebSocketClient.connect(threads.port, { path: `/ws-large?${8 * MIB}` });
    client.client.pause();
    await threads.wrote('large');
    await expectOthersServed();
    client.client.terminate();
  });

  it('keeps its thread where the buffer for responses has no room, and no other', async () => {
    threads = await Threads.start({ threads: 2, responseBuffer: 0 });
    const socket = await request(get(`/large?${LARGE}`, '1.0'));
    await expectOthersServed();
    expect(await bodyLength(socket)).to.equal(LARGE);
    await expectOthersServed();
  });

  it('takes part of the buffer for responses, never all of it', async () => {
    threads = await Threads.start({ threads: 3, responseBuffer: 8 * MIB });
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 2; i++) await request(get(`/large?${64 * MIB}`));
    await expectOthersServed();
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(24 * MIB);
  });

  it('gives back what it had when it resets, and costs nothing afterwards', async () => {
    threads = await Threads.start({ threads: 4, responseBuffer: 16 * MIB });
    for (let round = 0; round < 6; round++) {
      for (const target of [`/large?${3 * MIB}`, `/large-parts?${LARGE}`]) {
        const socket = await request(get(target) + get('/hello'));
        socket.resetAndDestroy();
      }
    }
    await until(() => threads.sockets.size === 0, 'that all have left');
    await expectOthersServed();
    await until(async () => {
      const before = performance.eventLoopUtilization();
      await delay(200);
      return performance.eventLoopUtilization(before).utilization < 0.5;
    }, 'an event loop at rest');
  });
});

async function bodyLength(socket: Socket): Promise<number> {
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  const all = Buffer.concat(parts);
  return all.length - all.indexOf('\r\n\r\n') - 4;
}
