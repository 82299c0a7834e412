/** An application that fills one buffer again and again: what each block was goes out, also where the client reads later. */
import { connect } from 'node:net';
import { expect } from 'chai';
import type { Application, Bytes } from '../../../lib/environ/types.js';
import { toFetchHandler } from '../../../lib/server/adapters/fetch/fetch-handler.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';

type Blocks = (size: number, count: number) => Iterable<Bytes> | AsyncIterable<Bytes>;

function* refilled(size: number, count: number): Generator<Bytes> {
  const buffer = Buffer.alloc(size);
  for (let i = 0; i < count; i++) yield buffer.fill(i % 251);
}

async function* refilledLater(size: number, count: number): AsyncGenerator<Bytes> {
  yield* refilled(size, count);
}

/** How many blocks hold something else than they should. */
function wrong(body: Buffer, size: number, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (!body.subarray(i * size, (i + 1) * size).equals(Buffer.alloc(size, i % 251))) found++;
  }
  return found;
}

describe('a block that is filled again', () => {
  afterEach(closeServers);

  const iterating =
    (blocks: Blocks, size: number, count: number): Application =>
    (_environ, start_response) => {
      start_response('200 OK', [['Content-Length', String(size * count)]]);
      return blocks(size, count);
    };
  const writing =
    (size: number, count: number): Application =>
    async (_environ, start_response) => {
      const write = start_response('200 OK', []);
      for (const block of refilled(size, count)) await write(block);
      return [];
    };

  /** Reads nothing until the server has more than the kernel takes, if it has as much. */
  async function download(application: Application, total: number): Promise<Buffer> {
    const { serverPort, http } = await serveApp(application);
    let waits = () => false;
    http.on('connection', (socket) => {
      waits = () => socket.writableLength > 0 || socket.bytesWritten >= total;
    });
    const client = connect(serverPort, '127.0.0.1').pause();
    client.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    await until(() => waits(), 'bytes that wait');
    const parts: Buffer[] = [];
    for await (const part of client.resume()) parts.push(part as Buffer);
    const all = Buffer.concat(parts);
    return all.subarray(all.indexOf('\r\n\r\n') + 4);
  }

  for (const [what, application] of [
    ['a generator', (size, count) => iterating(refilled, size, count)],
    ['an async generator', (size, count) => iterating(refilledLater, size, count)],
    ['write()', writing],
  ] as [string, (size: number, count: number) => Application][]) {
    it(`goes out as it was: ${what}`, async () => {
      for (const [size, count] of [
        [3, 20],
        [1500, 20],
        [8000, 1300],
      ] as const) {
        const body = await download(application(size, count), size * count);
        expect(wrong(body, size, count), `${size} bytes`).to.equal(0);
        expect(body.length).to.equal(size * count);
      }
    });

    it(`goes out as it was, in a fetch Response: ${what}`, async () => {
      const response = await toFetchHandler(application(3, 20))(new Request('http://a/'));
      expect(wrong(Buffer.from(await response.arrayBuffer()), 3, 20)).to.equal(0);
    });
  }
});
