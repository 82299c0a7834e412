/** The Autobahn testsuite's families 9 and 10, re-created: long messages, many messages. */
import { expect } from 'chai';
import {
  BINARY,
  CLOSE,
  closeFrame,
  codeOf,
  type Frame,
  fragments,
  frame,
  pieces,
  RawWebSocket,
  TEXT,
} from '../../support/frames.js';
import {
  closeWebSocketServers,
  echo,
  serveWebSocket,
  type WebSocketTestServer,
} from '../../support/websocket-server.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('Autobahn', () => {
  let server: WebSocketTestServer;

  before(async () => {
    server = await serveWebSocket(echo);
  });
  after(closeWebSocketServers);

  for (const [opcode, name, fill] of [
    [TEXT, 'text', '*BAz*'],
    [BINARY, 'binary', Buffer.from([0, 0xfe, 0xff, 0x81])],
  ] as const) {
    describe(`9 limits, ${name}`, () => {
      for (const size of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]) {
        it(`9.${opcode}, a message of ${size} bytes`, async () => {
          const payload = Buffer.alloc(size, fill);
          await expectEcho(server.port, opcode, payload, [frame(opcode, payload)]);
        });
      }
      for (const size of [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB]) {
        it(`9.${opcode + 2}, 4 MiB in fragments of ${size} bytes`, async () => {
          const payload = Buffer.alloc(4 * MIB, fill);
          await expectEcho(server.port, opcode, payload, [
            Buffer.concat(fragments(opcode, pieces(payload, size))),
          ]);
        });
      }
      for (const size of [64, 128, 256, 512, 1024, 2048]) {
        it(`9.${opcode + 4}, 1 MiB in writes of ${size} bytes`, async () => {
          const payload = Buffer.alloc(MIB, fill);
          await expectEcho(server.port, opcode, payload, [frame(opcode, payload)], size);
        });
      }
      for (const size of [0, 16, 64, 256, 1024, 4096]) {
        it(`9.${opcode + 6}, 1000 messages of ${size} bytes`, () =>
          expectEchoes(server.port, opcode, 1000, Buffer.alloc(size, fill)));
      }
    });
  }

  describe('10 fragments made by the client', () => {
    it('10.1.1, 64 KiB in fragments of 1300 bytes', async () => {
      const payload = Buffer.alloc(65536, '*');
      await expectEcho(server.port, TEXT, payload, fragments(TEXT, pieces(payload, 1300)));
    });
  });

  describe('limits', () => {
    it('closes with 1009 when a message is longer than maxMessage', async () => {
      const limited = await serveWebSocket(echo, { maxMessage: 1000 });
      const client = await RawWebSocket.connect(limited.port);
      await client.send([frame(BINARY, Buffer.alloc(1000)), frame(BINARY, Buffer.alloc(1001))]);
      const [reply, close] = await client.toEnd();
      expect(reply?.payload.length).to.equal(1000);
      expect(codeOf(close as Frame)).to.equal(1009);
      await limited.seen[0]?.gone;
      expect(limited.seen[0]?.websocket.error).to.have.property('name', 'FrameTooLargeError');
    });

    it('closes with 1009 when the fragments of a message are together longer than maxMessage', async () => {
      const limited = await serveWebSocket(echo, { maxMessage: 1000 });
      const client = await RawWebSocket.connect(limited.port);
      await client.send(fragments(BINARY, pieces(Buffer.alloc(1001), 100)));
      const [close] = await client.toEnd();
      expect(codeOf(close as Frame)).to.equal(1009);
    });

    it('closes with 1008 when a message comes in more fragments than its length can explain', async () => {
      const limited = await serveWebSocket(echo, { maxMessage: MIB });
      const client = await RawWebSocket.connect(limited.port);
      await client.send(Buffer.concat(fragments(BINARY, pieces(Buffer.alloc(16 * KIB + 1), 1))));
      const [close] = await client.toEnd();
      expect(codeOf(close as Frame)).to.equal(1008);
    });

    it('has none when maxMessage is 0', async () => {
      const unlimited = await serveWebSocket(echo, { maxMessage: 0 });
      const payload = Buffer.alloc(17 * MIB);
      await expectEcho(unlimited.port, BINARY, payload, [frame(BINARY, payload)]);
    });
  });
});

async function expectEcho(
  port: number,
  opcode: number,
  payload: Buffer,
  sends: Buffer[],
  each?: number,
): Promise<void> {
  const client = await RawWebSocket.connect(port);
  try {
    await client.send(sends, each);
    const [reply] = await client.next();
    expect(reply?.opcode).to.equal(opcode);
    expect(reply?.payload.length).to.equal(payload.length);
    expect(reply?.payload.equals(payload), 'the same bytes').to.equal(true);
    await closes(client);
  } finally {
    client.destroy();
  }
}

async function expectEchoes(port: number, opcode: number, count: number, payload: Buffer): Promise<void> {
  const client = await RawWebSocket.connect(port);
  try {
    await client.send(Buffer.concat(Array.from({ length: count }, () => frame(opcode, payload))));
    const replies = await client.next(count);
    expect(replies.every((reply) => reply.opcode === opcode && reply.payload.equals(payload))).to.equal(true);
    await closes(client);
    expect(client.frames).to.have.length(count + 1);
  } finally {
    client.destroy();
  }
}

async function closes(client: RawWebSocket): Promise<void> {
  await client.send(closeFrame(1000));
  const last = (await client.toEnd()).at(-1);
  expect(last?.opcode).to.equal(CLOSE);
  expect(codeOf(last as Frame)).to.equal(1000);
}
