/** What an application sends through `wsgi.websocket`. */
import { expect } from 'chai';
import { BINARY, CLOSE, frame, PING, TEXT } from '../../support/frames.js';
import { closeWebSocketServers, echo, session, untilClosed } from '../../support/websocket-server.js';

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  describe('#send', () => {
    it('sends text as text and bytes as binary, unless told otherwise; empty ones too', async () => {
      const { client } = await session(async (websocket) => {
        const results = [
          websocket.send('é'),
          websocket.send(Buffer.from([255])),
          websocket.send(new Uint8Array([1, 2]), null),
          websocket.send('é', true),
          websocket.send(Buffer.from('é'), false),
          websocket.send(''),
          websocket.send(Buffer.alloc(0)),
        ];
        expect(results.every((result) => result === undefined)).to.equal(true);
      });
      const frames = (await client.next(8)).map(({ opcode, payload }) => [opcode, payload.toString('hex')]);
      expect(frames).to.deep.equal([
        [TEXT, 'c3a9'],
        [BINARY, 'ff'],
        [BINARY, '0102'],
        [BINARY, 'c3a9'],
        [TEXT, 'c3a9'],
        [TEXT, ''],
        [BINARY, ''],
        [CLOSE, '03e8'],
      ]);
    });

    for (const [what, message, pattern] of [
      ['a number', 42, /not 42/],
      ['an object', { a: { b: 1 } }, /not \{ a: \[Object\] \}/],
      ['null', null, /not null/],
      ['an array', ['x'], /not \[/],
      ['an ArrayBuffer', new ArrayBuffer(1), /not ArrayBuffer/],
    ] as const) {
      it(`raises a TypeError for ${what}`, async () => {
        const { seen } = await session(async (websocket) => {
          websocket.accept();
          websocket.send(message as never);
        });
        expect(await seen.result)
          .to.be.instanceOf(TypeError)
          .with.property('message')
          .that.matches(pattern);
      });
    }

    it('raises for a text frame of bytes that are not UTF-8', async () => {
      const { seen } = await session(async (websocket) => {
        websocket.accept();
        websocket.send(Buffer.from([0xc0, 0xaf]), false);
      });
      expect(await seen.result).to.be.instanceOf(TypeError);
    });

    it('raises when the peer is gone without a close frame', async () => {
      const { client, seen } = await session(async (websocket) => {
        websocket.accept();
        await untilClosed(websocket);
        websocket.send('x');
      });
      client.destroy();
      expect(await seen.result).to.include({
        message: 'Connection is already closed',
        code: 'WSGI_ERR_WEBSOCKET_CLOSED',
      });
    });

    it('answers pings by itself', async () => {
      const { client } = await session(echo);
      await client.send([frame(PING, 'are you there')]);
      expect((await client.next())[0]?.payload.toString()).to.equal('are you there');
      client.destroy();
    });
  });
});
