/** What a WebSocket peer can make a server keep: messages, fragments, pongs. All of it has an end. */
import type { Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import type { Application } from '../../lib/environ/types.js';
import type { Server } from '../../lib/server/server.js';
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  codeOf,
  frame,
  PING,
  PONG,
  pieces,
  RawWebSocket,
  TEXT,
} from '../support/frames.js';
import { closeServers, connectionsOf, serveApp } from '../support/serve.js';
import { until } from '../support/until.js';

const MEGABYTE = 1 << 20;
const DEFLATE = { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] };
const RSV1 = { rsv: 4 };

/** A message of zeros as permessage-deflate sends it: a thousandth of its size. */
function bomb(size: number): Buffer {
  return deflateRawSync(Buffer.alloc(size), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

describe('a WebSocket peer', () => {
  let server: Server;
  let socket: Socket;
  let received = 0;
  let deaf = false;

  const app: Application = async (environ) => {
    const websocket = environ['wsgi.websocket'];
    if (websocket === undefined) return [];
    if (deaf) {
      websocket.accept();
      await until(() => !deaf);
    }
    for await (const message of websocket) received = Math.max(received, message.length);
    return [];
  };

  before(async () => {
    server = await serveApp(app, { websocketMaxMessage: MEGABYTE });
    server.http.on('connection', (one) => {
      socket = one;
    });
  });

  beforeEach(() => {
    received = 0;
    deaf = false;
  });

  afterEach(async () => {
    deaf = false;
    await until(async () => (await connectionsOf(server)) === 0, 'the end of the connection');
  });

  after(closeServers);

  /** Sends until the server closes; gives the code. */
  async function closed(client: RawWebSocket): Promise<number> {
    const frames = await client.toEnd();
    const last = frames.at(-1);
    expect(last?.opcode).to.equal(CLOSE);
    client.destroy();
    return last === undefined ? 0 : codeOf(last);
  }

  const tooLong: Record<string, () => readonly Buffer[]> = {
    'a message that says it is too long': () => [frame(BINARY, Buffer.alloc(MEGABYTE + 1))],
    'fragments that are too long together': () => [
      frame(BINARY, Buffer.alloc(MEGABYTE), { fin: false }),
      frame(CONTINUATION, 'x'),
    ],
    '64 MiB of zeros, compressed': () => [frame(BINARY, bomb(64 * MEGABYTE), RSV1)],
    '64 MiB of zeros, compressed, in fragments': () =>
      pieces(bomb(64 * MEGABYTE), 1000).map((piece, i) =>
        frame(i === 0 ? BINARY : CONTINUATION, piece, { fin: false, rsv: i === 0 ? 4 : 0 }),
      ),
    'a byte too much, compressed': () => [frame(BINARY, bomb(MEGABYTE + 1), RSV1)],
  };

  for (const [what, frames] of Object.entries(tooLong)) {
    it(`that sends ${what} is closed with 1009, in little memory`, async () => {
      const client = await RawWebSocket.connect(server.serverPort, DEFLATE);
      const sending = frames();
      const before = process.memoryUsage();
      await client.send(sending);
      expect(await closed(client)).to.equal(1009);
      const { external, heapUsed } = process.memoryUsage();
      expect(external + heapUsed - before.external - before.heapUsed).to.be.below(16 * MEGABYTE);
      expect(received).to.equal(0);
    });
  }

  it('that sends as much as it may is heard', async () => {
    const client = await RawWebSocket.connect(server.serverPort, DEFLATE);
    await client.send(frame(BINARY, bomb(MEGABYTE), RSV1));
    await until(() => received > 0);
    expect(received).to.equal(MEGABYTE);
    client.destroy();
  });

  it('that sends fragments without end is closed with 1008', async () => {
    const client = await RawWebSocket.connect(server.serverPort);
    const many = Buffer.concat(Array.from({ length: 1000 }, () => frame(CONTINUATION, '', { fin: false })));
    await client.send(frame(TEXT, '', { fin: false }));
    for (let i = 0; i < 100 && !client.closed; i++) await client.send(many);
    expect(await closed(client)).to.equal(1008);
  });

  it('that sends pings and reads nothing has few pongs kept for it, and then the last one', async () => {
    const client = await RawWebSocket.connect(server.serverPort, { paused: true });
    const serving = socket;
    let sent = 0;
    // Until the kernel takes no more, and far beyond.
    for (let packets = 0; packets < 20; packets += serving.writableLength > 0 ? 1 : 0) {
      const pings = Array.from({ length: 1000 }, () => frame(PING, String(++sent).padStart(125)));
      client.socket.write(Buffer.concat(pings));
      await new Promise((resolve) => setImmediate(resolve));
      expect(serving.writableLength).to.be.below(16 * 1024);
      expect(serving.destroyed).to.equal(false);
    }
    client.socket.resume();
    const last = () => client.frames.at(-1)?.payload.toString().trim();
    await until(() => last() === String(sent), 'the last pong');
    expect(serving.destroyed).to.equal(false);
    client.destroy();
  });

  it('whose pings come together, as after a wait, is answered', async () => {
    const client = await RawWebSocket.connect(server.serverPort);
    await client.send(Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame(PING, String(i)))));
    const pongs = await client.next(1000);
    expect(pongs.map(({ payload }) => payload.toString())).to.deep.equal(
      Array.from({ length: 1000 }, (_, i) => String(i)),
    );
    client.destroy();
  });

  it('that sends pings and reads the pongs is answered', async () => {
    const client = await RawWebSocket.connect(server.serverPort);
    for (let i = 0; i < 200; i++) {
      await client.send(frame(PING, String(i)));
      const [pong] = await client.next();
      expect(pong).to.deep.include({ opcode: PONG, payload: Buffer.from(String(i)) });
    }
    client.destroy();
  });

  for (const [what, message] of Object.entries({
    'small messages': frame(TEXT, 'x'),
    'large messages': frame(BINARY, Buffer.alloc(MEGABYTE / 2)),
    'compressed messages': frame(BINARY, bomb(MEGABYTE / 2), RSV1),
  })) {
    it(`that sends ${what} to an application that does not receive has to wait`, async () => {
      deaf = true;
      const client = await RawWebSocket.connect(server.serverPort, DEFLATE);
      const serving = socket;
      const before = process.memoryUsage();
      const block = Buffer.concat(
        Array.from({ length: Math.ceil(MEGABYTE / message.length) }, () => message),
      );
      // The kernel takes some, the server a little.
      for (let i = 0; i < 32; i++) client.socket.write(block);
      let read = -1;
      await until(async () => {
        const same = read === serving.bytesRead;
        read = serving.bytesRead;
        await new Promise((resolve) => setTimeout(resolve, 30));
        return same;
      });
      expect(read).to.be.below(2 * MEGABYTE);
      const { external, heapUsed, arrayBuffers } = process.memoryUsage();
      const grown =
        external + heapUsed + arrayBuffers - before.external - before.heapUsed - before.arrayBuffers;
      expect(grown - client.socket.writableLength).to.be.below(150 * MEGABYTE);
      client.destroy();
      // What the kernel holds would take its time.
      serving.destroy();
      deaf = false;
    });
  }
});
