/** Backpressure of `wsgi.websocket`, both ways: memory stays bounded, and nothing is lost. */
import { expect } from 'chai';
import { BINARY, closeFrame, codeOf, type Frame, frame } from '../../support/frames.js';
import { closeWebSocketServers, session, stay, untilClosed } from '../../support/websocket-server.js';

const MIB = 1024 * 1024;

/** Until it is true; the test's own timeout is the bound. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A message that tells its place. */
function numbered(i: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, i & 255);
  bytes.writeUInt32BE(i, 0);
  return bytes;
}

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  describe('with a peer that does not read', () => {
    for (const size of [100, 10_000, MIB]) {
      const count = Math.ceil((24 * MIB) / size / (size < 1000 ? 2 : 1));

      it(`makes send() wait, messages of ${size} bytes`, async () => {
        let sent = 0;
        let most = 0;
        const { client } = await session(
          async (websocket, open) => {
            for (let i = 0; i < count; i++) {
              const behind = websocket.send(numbered(i, size));
              sent++;
              most = Math.max(most, open().socket.bufferedAmount);
              if (behind !== undefined) await behind;
            }
          },
          { paused: true },
        );
        let before = -1;
        while (before !== sent) {
          before = sent;
          await pause(100);
        }
        expect(sent, 'it waits before all are sent').to.be.lessThan(count);
        expect(most).to.be.lessThan(64 * 1024 + size + 10);
        client.socket.resume();
        const frames = await client.next(count);
        expect(frames.every((one, i) => one.payload.equals(numbered(i, size)))).to.equal(true);
        client.destroy();
      });
    }

    it('raises in a send() that waits when the connection breaks', async () => {
      let waiting = false;
      const { client, seen } = await session(
        async (websocket) => {
          for (;;) {
            const behind = websocket.send(Buffer.alloc(MIB));
            waiting = behind !== undefined;
            await behind;
          }
        },
        { paused: true },
      );
      await until(() => waiting);
      await pause(50);
      client.socket.resetAndDestroy();
      expect(await seen.result).to.include({ message: 'Socket is dead', code: 'WSGI_ERR_WEBSOCKET_CLOSED' });
    });

    it('raises once the peer has shut down, although what was sent before still waits', async () => {
      const { client, websocket } = await session(
        async (websocket) => {
          while (websocket.send(Buffer.alloc(MIB)) === undefined);
          await new Promise(() => {});
        },
        { paused: true },
      );
      client.socket.end();
      await untilClosed(websocket);
      expect(() => websocket.send('x')).to.throw('Connection is already closed');
      expect(websocket.closeCode, 'the connection is not gone').to.equal(undefined);
    });

    it('does not end the process when nobody awaits what send() returns', async () => {
      let unhandled: unknown;
      const note = (error: unknown) => {
        unhandled = error;
      };
      const { client, seen } = await session(
        async (websocket) => {
          for (let i = 0; i < 20; i++) websocket.send(Buffer.alloc(MIB));
          await new Promise(() => {});
        },
        { paused: true },
      );
      process.once('unhandledRejection', note);
      client.socket.resetAndDestroy();
      await seen.gone;
      await pause(10);
      process.removeListener('unhandledRejection', note);
      expect(unhandled).to.equal(undefined);
    });
  });

  describe('with an application that does not receive', () => {
    for (const size of [10, 2000, 300_000]) {
      it(`makes the peer wait, messages of ${size} bytes`, async () => {
        const count = Math.ceil((16 * MIB) / size / (size < 1000 ? 20 : 1));
        let go: () => void = () => {};
        const gate = new Promise<void>((resolve) => {
          go = resolve;
        });
        const got: Buffer[] = [];
        const { client, seen, open } = await session(async (websocket) => {
          websocket.accept();
          await gate;
          for (let i = 0; i < count; i++) got.push((await websocket.receive()) as Buffer);
        });
        const all = Array.from({ length: count }, (_, i) => frame(BINARY, numbered(i, size)));
        const sending = client.send(size < 1000 ? Buffer.concat(all) : all);
        await until(() => open.socket.isPaused);
        const read = (open.stream as unknown as { bytesRead: number }).bytesRead;
        await pause(100);
        const later = (open.stream as unknown as { bytesRead: number }).bytesRead;
        // What was read when it stopped, and what the stream below reads ahead.
        expect(later - read).to.be.lessThan(256 * 1024);
        expect(later).to.be.lessThan(3 * MIB);
        go();
        await Promise.all([seen.result, sending]);
        expect(got.every((bytes, i) => bytes.equals(numbered(i, size)))).to.equal(true);
        client.destroy();
      });
    }

    it('can still be closed', async () => {
      const { client, seen, open } = await session(stay);
      const sending = client.send([
        ...Array.from({ length: 200 }, (_, i) => frame(BINARY, numbered(i, 100_000))),
        closeFrame(4000),
      ]);
      await until(() => open.socket.isPaused);
      seen.websocket.finish(1000);
      expect(codeOf((await client.next())[0] as Frame)).to.equal(1000);
      await sending;
      await seen.gone;
      expect(seen.websocket.closeCode).to.equal(4000);
    });

    it('gives all, and then null, when the peer sent much and closed', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        await pause(50);
        let total = 0;
        for await (const message of websocket) total += message.length;
        return total;
      });
      await client.send([
        ...Array.from({ length: 500 }, (_, i) => frame(BINARY, numbered(i, 10_000))),
        closeFrame(1000),
      ]);
      expect(await seen.result).to.equal(5_000_000);
      expect(codeOf((await client.toEnd()).at(-1) as Frame)).to.equal(1000);
    });

    it('gives all, and then null, when the peer sent much and went', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        await pause(50);
        let total = 0;
        for await (const message of websocket) total += message.length;
        return total;
      });
      await client.send(Array.from({ length: 500 }, (_, i) => frame(BINARY, numbered(i, 10_000))));
      client.socket.end();
      expect(await seen.result).to.equal(5_000_000);
    });
  });
});
