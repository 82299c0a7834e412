/** How `wsgi.websocket` closes: by the application, by the gateway, and with a peer that closes first. */
import { expect } from 'chai';
import sinon from 'sinon';
import { CLOSE_GRACE } from '../../../lib/server/websocket/connection.js';
import { CLOSE, closeFrame, codeOf, type Frame, frame, TEXT } from '../../support/frames.js';
import { until } from '../../support/until.js';
import { closeWebSocketServers, session, stay } from '../../support/websocket-server.js';

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  describe('#close', () => {
    it('closes with 1000 and no reason by default', async () => {
      const { client, websocket } = await session(stay);
      websocket.close();
      expect(websocket.closed).to.equal(true);
      const [close] = (await client.next()) as [Frame];
      expect([close.opcode, close.payload.toString('hex')]).to.deep.equal([CLOSE, '03e8']);
    });

    it('sends the code and the reason, as text or bytes', async () => {
      for (const reason of ['à bientôt', Buffer.from('à bientôt'), 'x'.repeat(123)]) {
        const { client, websocket } = await session(stay);
        websocket.close(4999, reason);
        const [close] = (await client.next()) as [Frame];
        expect(codeOf(close)).to.equal(4999);
        expect(close.payload.subarray(2).equals(Buffer.from(reason))).to.equal(true);
      }
    });

    it('learns what the peer answers, and does nothing when called again', async () => {
      const { client, seen, websocket } = await session(stay);
      websocket.close(4000);
      websocket.close(4001);
      await client.send(closeFrame(4002, 'ok'));
      expect(await client.toEnd()).to.have.length(1);
      await seen.gone;
      websocket.close(4003);
      expect(websocket).to.include({ closeCode: 4002, closeReason: 'ok', error: undefined });
    });

    for (const code of [1012, 1013, 1014]) {
      it(`takes the registered code ${code}`, async () => {
        const { client, websocket } = await session(stay);
        websocket.close(code);
        const [last] = await client.next();
        expect(last?.payload.readUInt16BE(0)).to.equal(code);
      });
    }

    for (const code of [
      0,
      999,
      1004,
      1005,
      1006,
      1015,
      1016,
      2000,
      2999,
      5000,
      1000.5,
      Number.NaN,
      '1000',
      null,
    ]) {
      it(`raises for the code ${code}`, async () => {
        const { websocket } = await session(stay);
        expect(() => websocket.close(code as number))
          .to.throw('is not a close code')
          .with.property('name', 'ProtocolError');
        expect(websocket.closed).to.equal(false);
      });
    }

    it('raises for a reason that is too long, or not text', async () => {
      const { websocket } = await session(stay);
      expect(() => websocket.close(1000, 'é'.repeat(62))).to.throw('at most 123 bytes, not 124');
      expect(() => websocket.close(1000, Buffer.from([0xff]))).to.throw(TypeError, 'UTF-8');
      expect(() => websocket.close(1000, 7 as never)).to.throw(TypeError, 'not 7');
      expect(websocket.closed).to.equal(false);
    });

    it('ends calls that wait with null; later ones raise', async () => {
      const { client, websocket } = await session(stay);
      await client.send(frame(TEXT, 'dropped'));
      expect(await websocket.receive()).to.equal('dropped');
      const waiting = websocket.receive();
      websocket.close();
      expect(await waiting).to.equal(null);
      const error = await websocket.receive().catch((reason: unknown) => reason);
      expect(error).to.have.property('message', 'Connection is already closed');
      await client.send([frame(TEXT, 'too late'), closeFrame(1000)]);
      await client.toEnd();
    });
  });

  describe('#finish', () => {
    for (const code of [1000, 1001, 1011]) {
      it(`closes with ${code}`, async () => {
        const { client, seen, websocket } = await session(stay);
        const leaked = websocket.receive();
        websocket.finish(code);
        expect(await leaked).to.equal(null);
        const [close] = (await client.next()) as [Frame];
        expect(codeOf(close)).to.equal(code);
        await client.send(closeFrame(code));
        await client.toEnd();
        await seen.gone;
        expect(() => websocket.send('x')).to.throw('Connection is already closed');
      });
    }

    it('leaves a connection alone that was closed before', async () => {
      const { client, websocket } = await session(stay);
      websocket.close(4000);
      websocket.finish(1011);
      expect(codeOf((await client.next())[0] as Frame)).to.equal(4000);
    });

    it('answers the close frame of a peer that waits for it', async () => {
      const { client, websocket } = await session(stay);
      await client.send(Buffer.concat([frame(TEXT, 'never received'), closeFrame(4005, 'bye')]));
      await until(() => websocket.closeCode === 4005, 'the close frame');
      expect(websocket).to.include({ closed: false, closeCode: 4005 });
      websocket.finish(1000);
      const [close] = (await client.toEnd()) as [Frame];
      expect([codeOf(close), close.payload.subarray(2).toString()]).to.deep.equal([4005, 'bye']);
    });
  });

  it('#terminate drops the connection', async () => {
    const { client, seen, websocket } = await session(stay);
    const waiting = websocket.receive();
    websocket.terminate();
    expect(await waiting).to.equal(null);
    expect(await client.toEnd()).to.deep.equal([]);
    await seen.gone;
  });

  describe('a close frame of the peer', () => {
    let clock: sinon.SinonFakeTimers | undefined;
    afterEach(() => {
      clock?.restore();
      clock = undefined;
    });

    it('is answered at once when nothing is left to do', async () => {
      const { client } = await session(stay);
      await client.send(closeFrame(4005));
      expect(codeOf((await client.toEnd())[0] as Frame)).to.equal(4005);
    });

    it('without a code is answered without one', async () => {
      const { client, seen, websocket } = await session(stay);
      await client.send(closeFrame());
      expect((await client.toEnd())[0]?.payload.length).to.equal(0);
      await seen.gone;
      expect(websocket).to.include({ closeCode: 1005, closeReason: '' });
    });

    it('waits for an application that is busy with a message, but not for ever', async () => {
      let busy: () => void = () => {};
      const reached = new Promise<void>((resolve) => {
        busy = resolve;
      });
      const { client, websocket } = await session(async (websocket) => {
        await websocket.receive();
        busy();
        await new Promise(() => {});
      });
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await client.send(Buffer.concat([frame(TEXT, 'work'), closeFrame(4005)]));
      await reached;
      websocket.send('answer');
      expect((await client.next())[0]?.payload.toString()).to.equal('answer');
      expect(websocket.closed).to.equal(false);
      clock.tick(CLOSE_GRACE - 1);
      expect(websocket.closed).to.equal(false);
      clock.tick(1);
      expect(websocket.closed).to.equal(true);
      expect(codeOf((await client.toEnd()).at(-1) as Frame)).to.equal(4005);
    });

    it('leaves no timer behind when the peer does not wait for the answer', async () => {
      const { client, seen, websocket } = await session(stay);
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      await client.send(Buffer.concat([frame(TEXT, 'unread'), closeFrame(1000)]));
      client.socket.end();
      await seen.gone;
      expect(clock.countTimers()).to.equal(0);
      expect(await websocket.receive()).to.equal('unread');
      expect(await websocket.receive()).to.equal(null);
    });
  });
});
