/** How long a client that was answered may go on sending. */
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import sinon from 'sinon';
import { LINGER_BYTES, LINGER_MS, LINGER_SILENCE_MS, linger } from '../../../lib/server/http/linger.js';

/** A connection whose answer is written, and its end, as soon as it may be. */
class Connection extends Duplex {
  finish: () => void = () => {};

  override _read(): void {}

  override _final(callback: () => void): void {
    this.finish = callback;
  }
}

describe('linger', () => {
  let clock: sinon.SinonFakeTimers;
  let socket: Connection;

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    socket = new Connection();
    socket.end();
    linger(socket);
  });

  afterEach(() => {
    socket.destroy();
    clock.restore();
  });

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  async function answered(): Promise<void> {
    await turn();
    socket.finish();
    await turn();
  }

  async function send(bytes: number): Promise<void> {
    socket.push(Buffer.alloc(bytes));
    await turn();
  }

  it('ends with the client', async () => {
    await answered();
    socket.push(null);
    await turn();
    expect(socket.destroyed).to.equal(true);
    expect(clock.countTimers()).to.equal(0);
  });

  it('ends with the answer, if the client ended before', async () => {
    socket.push(null);
    await turn();
    expect(socket.destroyed).to.equal(false);
    await answered();
    expect(socket.destroyed).to.equal(true);
  });

  it('ends after a time without a byte', async () => {
    await answered();
    clock.tick(LINGER_SILENCE_MS - 1);
    await send(1);
    clock.tick(LINGER_SILENCE_MS - 1);
    expect(socket.destroyed).to.equal(false);
    clock.tick(1);
    expect(socket.destroyed).to.equal(true);
  });

  it('ends after a time in all, whatever comes', async () => {
    await answered();
    for (let passed = 1000; passed < LINGER_MS; passed += 1000) {
      await send(1);
      clock.tick(1000);
      expect(socket.destroyed).to.equal(false);
    }
    await send(1);
    clock.tick(1000);
    expect(socket.destroyed).to.equal(true);
  });

  it('ends after so many bytes', async () => {
    await answered();
    const block = Buffer.alloc(1024 ** 2);
    for (let sent = 0; sent < LINGER_BYTES; sent += block.length) socket.push(block);
    await turn();
    expect(socket.destroyed).to.equal(false);
    await send(1);
    expect(socket.destroyed).to.equal(true);
  });

  it('counts no time before the answer is written, and is not held up', async () => {
    socket.pause();
    await send(1);
    clock.tick(2 * LINGER_MS);
    expect(socket.destroyed).to.equal(false);
    expect(socket.readableLength).to.equal(0);
  });
});
