/** The watch on connections, over a clock of our own with stand-ins for sockets. */
import { expect } from 'chai';
import sinon from 'sinon';
import { kernelRoom } from '../../../lib/server/http/backlog.js';
import type { Connection } from '../../../lib/server/http/connection.js';
import { ConnectionWatch } from '../../../lib/server/http/connection-watch.js';

/** Seconds, bytes a second. */
const LIMIT = 10;
const RATE = 1000;

/** What the watch sees of a socket. */
class Socket {
  bytesRead = 0;
  writableLength = 0;
  readonly _handle = { bytesWritten: 0, writeQueueSize: 0 };

  /** The application sent so many bytes, of which the kernel takes some. */
  send(bytes: number, taken: number): void {
    this._handle.bytesWritten += bytes;
    this._handle.writeQueueSize += bytes - taken;
  }

  take(bytes: number): void {
    this._handle.writeQueueSize -= bytes;
  }
}

describe('ConnectionWatch', () => {
  let clock: sinon.SinonFakeTimers;
  let socket: Socket;
  let connection: Connection;
  let watched: ConnectionWatch;
  let phase: string | undefined;
  let silences: number;

  function watch(rate: number): void {
    watched = new ConnectionWatch(
      'silence',
      LIMIT * 1000,
      () => phase,
      () => silences++,
      rate,
    );
    connection = { socket } as unknown as Connection;
    watched.add(connection);
  }

  /** How many seconds pass until it is called. */
  function secondsToSilence(most: number): number {
    const before = silences;
    for (let i = 0; i < most; i++) {
      clock.tick(1000);
      if (silences > before) return i + 1;
    }
    return Number.POSITIVE_INFINITY;
  }

  beforeEach(() => {
    clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    socket = new Socket();
    phase = 'request';
    silences = 0;
  });

  afterEach(() => {
    watched.forget(connection);
    expect(clock.countTimers()).to.equal(0);
    clock.restore();
  });

  it('finds silence between one limit and a half more', () => {
    watch(RATE);
    expect(secondsToSilence(60)).to.be.within(LIMIT, 1.5 * LIMIT);
  });

  it('takes a byte of either side, and a new phase, for a sign of life', () => {
    watch(RATE);
    for (let i = 0; i < 10; i++) {
      clock.tick(5000);
      if (i % 3 === 0) socket.bytesRead++;
      else if (i % 3 === 1) socket.send(1, 1);
      else phase = `phase ${i}`;
    }
    expect(silences).to.equal(0);
  });

  it('gives a client that something waits for the time that it needs at that rate for all that the kernel took', () => {
    watch(RATE);
    socket.send(1_000_000, 300_000);
    expect(secondsToSilence(1000)).to.be.within(300 + LIMIT, 300 + 2 * LIMIT);
  });

  it('never calls for a client of that rate, in however large steps the kernel takes more', () => {
    watch(RATE);
    const size = 10 * kernelRoom();
    socket.send(size, kernelRoom());
    for (let taken = kernelRoom(); taken < size; ) {
      const step = Math.min(kernelRoom() / 3, size - taken);
      clock.tick((step / RATE) * 1000);
      socket.take(step);
      taken += step;
    }
    expect(silences).to.equal(0);
  });

  it('calls for one that reads nothing any more, however much it read before', () => {
    watch(RATE);
    socket.send(10 * kernelRoom(), 9 * kernelRoom());
    expect(secondsToSilence(10_000)).to.be.within(
      kernelRoom() / RATE + LIMIT,
      kernelRoom() / RATE + 2 * LIMIT,
    );
  });

  it('does not take what such a client sends for a sign that it reads', () => {
    watch(RATE);
    socket.send(10_000, 5000);
    for (let i = 0; i < 20; i++) {
      clock.tick(1000);
      socket.bytesRead++;
    }
    expect(silences).to.equal(1);
  });

  it('is silent as soon as ever when nothing waits: then it is not for the client to read', () => {
    watch(RATE);
    socket.send(1_000_000, 1_000_000);
    expect(secondsToSilence(60)).to.be.within(LIMIT, 1.5 * LIMIT);
  });

  it('leaves alone a client that reads as slowly as it likes, with a rate of 0', () => {
    watch(0);
    socket.send(1_000_000, 5000);
    expect(secondsToSilence(100_000)).to.equal(Number.POSITIVE_INFINITY);
  });
});
