/** Streams through threads: each block at once, and no more of them in memory than fit. */
import { expect } from 'chai';
import { Peer, request } from '../../support/peer.js';
import { until } from '../../support/until.js';
import { Threads } from './support.js';

const MIB = 1024 * 1024;

describe('a stream through a thread', () => {
  let threads: Threads;
  before(async () => {
    threads = await Threads.start();
  });
  beforeEach(() => threads.clear());
  after(() => threads.stop());

  it('has each block with the client while the generator still blocks', async () => {
    const { body } = await threads.fetch('/steps');
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (const name of ['first', 'second', 'third']) {
      const { value } = await reader.read();
      expect(Buffer.from(value ?? []).toString()).to.equal(name);
      threads.open(name);
    }
    expect((await reader.read()).done).to.equal(true);
  });

  it('gives a client that reads slowly each byte as it was', async () => {
    const sent = Buffer.alloc(24 * MIB, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
    const { body } = await threads.fetch('/echo', { method: 'POST', body: sent });
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
      parts.push(part);
      // A pause for each MiB: the thread gets ahead of what the kernel takes.
      if (Math.floor(size / MIB) !== Math.floor((size + part.length) / MIB)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      size += part.length;
    }
    expect(Buffer.concat(parts).equals(sent)).to.equal(true);
  });

  for (const [path, how] of [
    ['/forever', 'yields'],
    ['/forever-write', 'writes'],
  ]) {
    it(`blocks a handler that ${how} more than its client reads`, async () => {
      const before = process.memoryUsage().arrayBuffers;
      const peer = await Peer.connect(threads.port, { paused: true });
      await peer.send(request(path));
      await threads.wrote('forever');
      // Until nothing more is written: what it has in the buffers of the kernel is not ours to count.
      let written = -1;
      await until(async () => {
        const [before, now] = [written, await bytesWritten(threads)];
        written = now;
        return before === now && now > 0;
      }, 'an end of writing');
      expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(8 * MIB);
      expect(await threads.text('/hello'), 'another thread').to.equal('hello');
      peer.destroy();
      await threads.wrote(path === '/forever' ? 'closed' : 'write threw ClientDisconnected');
    });
  }

  it('takes no more of an upload that is not read than fits', async () => {
    const peer = await Peer.connect(threads.port);
    const { socket } = peer;
    socket.write(`POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: ${256 * MIB}\r\n\r\n`);
    const block = Buffer.alloc(MIB);
    let sent = 0;
    while (sent < 256 && socket.write(block)) sent++;
    await until(() => {
      const full = socket.writableLength > 0;
      if (!full && sent++ < 256) socket.write(block);
      return full;
    }, 'a full socket');
    expect(sent).to.be.lessThan(64);
    threads.open('unread');
    await peer.got(/^HTTP\/1\.1 200 OK/);
    peer.destroy();
  });
});

/** What the server has handed to its connections. */
async function bytesWritten(threads: Threads): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  let total = 0;
  for (const socket of threads.sockets) total += socket.bytesWritten - socket.writableLength;
  return total;
}
