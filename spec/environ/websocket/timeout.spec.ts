/** `receive(timeout)`, `ping`, `bufferedAmount` and the end of `close()` on the event loop. */
import { expect } from 'chai';
import { ReceiveTimeout } from '../../../lib/environ/websocket/error.js';
import { closeFrame, codeOf, type Frame, frame, PING, PONG, TEXT } from '../../support/frames.js';
import { until } from '../../support/until.js';
import { closeWebSocketServers, session } from '../../support/websocket-server.js';

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  describe('#receive with a timeout', () => {
    it('rejects when it is over, and the next call gets the message that came later', async () => {
      let caught: unknown;
      const { client, seen } = await session(async (websocket) => {
        caught = await errorOf(() => websocket.receive(0.02));
        await websocket.send('timed out');
        return [await websocket.receive(), await websocket.receive(5)];
      });
      await client.next();
      await client.send([frame(TEXT, 'one'), frame(TEXT, 'two')]);
      expect(await seen.result).to.deep.equal(['one', 'two']);
      expect(caught).to.be.instanceOf(ReceiveTimeout);
      expect(caught).to.include({
        code: 'WSGI_ERR_RECEIVE_TIMEOUT',
        message: 'No message came within 0.02 s',
      });
    });

    it('loses no message, however often it is over', async () => {
      const { client, seen } = await session(async (websocket) => {
        const got: unknown[] = [];
        while (got.length < 50) {
          const one = await websocket.receive(0.001).catch(() => undefined);
          if (one !== undefined) got.push(one);
        }
        return got;
      });
      const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
      for (const one of sent) {
        await client.send(frame(TEXT, one));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
      }
      expect(await seen.result).to.deep.equal(sent);
    });

    it('takes no turn of calls that wait for longer', async () => {
      const { client, seen } = await session(async (websocket) => {
        const long = websocket.receive();
        const caught = await errorOf(() => websocket.receive(0.01));
        await websocket.send('now');
        return [await long, caught instanceof ReceiveTimeout, await websocket.receive(5)];
      });
      await client.next();
      await client.send([frame(TEXT, 'first'), frame(TEXT, 'second')]);
      expect(await seen.result).to.deep.equal(['first', true, 'second']);
    });

    it('of 0 gives what is there, and otherwise lets the event loop turn once', async () => {
      const { client, seen } = await session(async (websocket) => {
        for (;;) {
          const one = await websocket.receive(0).catch(() => undefined);
          if (one !== undefined) return one;
        }
      });
      await client.send(frame(TEXT, 'here'));
      expect(await seen.result).to.equal('here');
    });

    it('gives null at the end of the connection, long before it is over', async () => {
      const { client, seen } = await session(async (websocket) => [
        await websocket.receive(60),
        websocket.closeCode,
      ]);
      await client.send(closeFrame(4000));
      expect(await seen.result).to.deep.equal([null, 4000]);
    });

    it('answers a close frame that came between two calls', async () => {
      const { client, seen } = await session(async (websocket) => {
        await websocket.receive();
        await errorOf(() => websocket.receive(0.001));
        await websocket.send('timed out');
        await until(() => websocket.closeCode !== undefined, 'the close frame');
        return websocket.receive(1);
      });
      await client.send(frame(TEXT, 'x'));
      await client.next();
      await client.send(closeFrame(1000));
      expect(await seen.result).to.equal(null);
      expect(codeOf((await client.toEnd())[1] as Frame)).to.equal(1000);
    });

    it('is refused if it is negative or no number; null and Infinity wait', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        const errors = [-1, Number.NaN, 'x' as never].map((one) => errorOf(() => websocket.receive(one)));
        const found = (await Promise.all(errors)).map(String);
        return [...found, await websocket.receive(null), await websocket.receive(Infinity)];
      });
      await client.send([frame(TEXT, 'a'), frame(TEXT, 'b')]);
      expect(await seen.result).to.deep.equal([
        'RangeError: receive() takes a timeout in seconds, not -1',
        'RangeError: receive() takes a timeout in seconds, not NaN',
        'RangeError: receive() takes a timeout in seconds, not x',
        'a',
        'b',
      ]);
    });
  });

  describe('#ping', () => {
    it('sends a ping frame, opens the WebSocket, and shows nothing of the pong', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.ping();
        websocket.ping('é');
        websocket.ping(Buffer.alloc(125, 1));
        return websocket.receive();
      });
      const frames = await client.next(3);
      expect(frames.map(({ opcode, payload }) => [opcode, payload.length])).to.deep.equal([
        [PING, 0],
        [PING, 2],
        [PING, 125],
      ]);
      await client.send([frame(PONG, 'é'), frame(TEXT, 'after')]);
      expect(await seen.result).to.equal('after');
    });

    it('stays in order with messages', async () => {
      const { client } = await session(async (websocket) => {
        websocket.send('a');
        websocket.ping('b');
        websocket.send('c');
      });
      const frames = await client.next(3);
      expect(frames.map(({ payload }) => String(payload))).to.deep.equal(['a', 'b', 'c']);
    });

    it('is refused with more than 125 bytes, with a number, and once the connection is closed', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        const long = await errorOf(() => websocket.ping('x'.repeat(126)));
        const wrong = await errorOf(() => websocket.ping(1 as never));
        await websocket.receive();
        return [long, wrong, await errorOf(() => websocket.ping())].map(String);
      });
      await client.send(closeFrame());
      expect(await seen.result).to.deep.equal([
        'ProtocolError: A ping has at most 125 bytes, not 126',
        'TypeError: ping() takes text or bytes, not 1',
        'WebSocketError: Connection is already closed',
      ]);
    });

    it('gives a promise where the peer does not read, as send() does', async () => {
      const { seen } = await session(
        async (websocket) => {
          websocket.accept();
          for (let i = 0; i < 1_000_000; i++) {
            const wait = websocket.ping(Buffer.alloc(125));
            if (wait !== undefined) return wait instanceof Promise;
          }
          return false;
        },
        { paused: true },
      );
      expect(await seen.result).to.equal(true);
    }).timeout(30_000);
  });

  describe('#bufferedAmount', () => {
    it('counts what waits for a peer that does not read, and is 0 before, after and at the end', async () => {
      const amounts: number[] = [];
      const { client, seen, websocket } = await session(
        async (websocket) => {
          amounts.push(websocket.bufferedAmount);
          const sent = websocket.send(Buffer.alloc(16 * 1024 * 1024));
          amounts.push(websocket.bufferedAmount);
          await sent;
          await until(() => websocket.bufferedAmount === 0, 'all taken');
        },
        { paused: true },
      );
      client.socket.resume();
      await seen.result;
      expect(amounts[0]).to.equal(0);
      expect(amounts[1]).to.be.within(1, 16 * 1024 * 1024 + 14);
      client.destroy();
      await seen.gone;
      expect(websocket.bufferedAmount).to.equal(0);
    }).timeout(30_000);
  });

  describe('#close', () => {
    it('settles when the peer has answered, whose code is known then', async () => {
      const steps: unknown[] = [];
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        const closing = websocket.close(4001, 'enough');
        steps.push(websocket.closed, websocket.closeCode);
        await closing;
        steps.push(websocket.closeCode, websocket.closeReason);
      });
      const [close] = await client.next();
      expect(codeOf(close as Frame)).to.equal(4001);
      expect(steps).to.deep.equal([true, undefined]);
      await client.send(closeFrame(4001, 'enough'));
      client.socket.end();
      await seen.result;
      expect(steps.slice(2)).to.deep.equal([4001, 'enough']);
    });

    it('settles when the peer vanishes, and at once when the connection is closed already', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        await Promise.all([websocket.close(), websocket.close(4000)]);
        await websocket.close();
        return websocket.closeCode;
      });
      await client.next();
      client.destroy();
      expect(await seen.result).to.equal(1006);
    });

    it('throws for a wrong code at once, as it did', async () => {
      const { seen } = await session(async (websocket) => {
        websocket.accept();
        void websocket.close(1006);
      });
      expect(String(await seen.result)).to.contain('1006 is not a close code');
    });
  });
});
