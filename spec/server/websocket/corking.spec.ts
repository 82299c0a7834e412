/** The messages of one turn of the event loop are one write to the socket below. */
import { expect } from 'chai';
import sinon from 'sinon';
import type { WebSocket } from '../../../lib/environ/websocket/websocket.js';
import { CLOSE, closeFrame, frame, TEXT } from '../../support/frames.js';
import {
  closeWebSocketServers,
  echo,
  type Session,
  session,
  stay,
  turn,
} from '../../support/websocket-server.js';

interface Watched extends Session {
  /** How often the stream below was given something to write since it was opened. */
  writes(): number;
}

async function watched(app: (websocket: WebSocket) => Promise<unknown>): Promise<Watched> {
  const one = await session(app);
  const many = sinon.spy(one.open.stream, '_writev');
  const single = sinon.spy(one.open.stream, '_write');
  return { ...one, writes: () => many.callCount + single.callCount };
}

describe('WebSocket', () => {
  afterEach(closeWebSocketServers);

  it('writes a lone message at once', async () => {
    const { websocket, open, writes } = await watched(stay);
    websocket.send('x');
    expect([writes(), open.stream.writableCorked]).to.deep.equal([1, 0]);
  });

  it('writes what follows in the same turn together', async () => {
    const { client, websocket, open, writes } = await watched(stay);
    for (let i = 0; i < 100; i++) websocket.send(`message ${i}`);
    expect(writes()).to.equal(1);
    await turn();
    expect([writes(), open.stream.writableCorked]).to.deep.equal([2, 0]);
    expect((await client.next(100)).at(-1)?.payload.toString()).to.equal('message 99');
  });

  it('writes early what is more than a peer that is behind may leave', async () => {
    const { websocket, writes } = await watched(stay);
    websocket.send('short');
    expect(websocket.send(Buffer.alloc(70_000)), 'the kernel takes it').to.equal(undefined);
    expect(writes()).to.equal(2);
  });

  it('writes the answers to messages that came together as one', async () => {
    const { client, writes } = await watched(echo);
    await client.send(Buffer.concat(Array.from({ length: 50 }, () => frame(TEXT, 'ping'))));
    await client.next(50);
    expect(writes()).to.be.lessThan(3);
  });

  it('serves each of many sockets that send in the same turn', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => watched(stay)));
    for (let i = 0; i < 10; i++) for (const { websocket } of all) websocket.send(`${i}`);
    for (const { client, open } of all) {
      expect((await client.next(10)).map(({ payload }) => Number(payload))).to.deep.equal([
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
      ]);
      expect(open.stream.writableCorked).to.equal(0);
    }
  });

  it('sends all before the close frame, and leaves no socket corked', async () => {
    const { client, websocket, open } = await watched(stay);
    for (let i = 0; i < 10; i++) websocket.send(`${i}`);
    websocket.close();
    const frames = await client.next(11);
    expect(frames.map(({ opcode }) => opcode)).to.deep.equal([...Array(10).fill(TEXT), CLOSE]);
    expect(open.stream.writableCorked).to.equal(0);
    await client.send(closeFrame(1000));
    await client.toEnd();
  });

  it('can be dropped while corked', async () => {
    const { client, websocket } = await watched(stay);
    for (let i = 0; i < 10; i++) websocket.send(`${i}`);
    websocket.terminate();
    await client.toEnd();
    await turn();
    expect(websocket.closed).to.equal(true);
  });
});
