/** Heartbeat: over a clock of our own with stand-ins for sockets, and once over real ones. */
import { expect } from 'chai';
import sinon from 'sinon';
import { Heartbeat } from '../../../lib/server/websocket/heartbeat.js';
import type { OpenSocket, PeerWatch } from '../../../lib/server/websocket/socket.js';
import { BINARY, CLOSE, codeOf, type Frame, frame, PING, PONG, RawWebSocket } from '../../support/frames.js';
import { closeServers, serveApp } from '../../support/serve.js';
import { until } from '../../support/until.js';
import { closeWebSocketServers, echo, serveWebSocket } from '../../support/websocket-server.js';

/** Bytes that a peer reads in a second, or in an interval of 20. */
const RATE = 1000;
const INTERVAL = 20 * RATE;

/** What a heartbeat sees of a socket. */
class Peer {
  watch?: PeerWatch;
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  pings = 0;
  readonly stream = { bytesRead: 0, bytesWritten: 0, writableLength: 0, isPaused: () => false };

  get open(): OpenSocket {
    return { socket: this, stream: this.stream } as unknown as OpenSocket;
  }

  get terminated(): boolean {
    return this.readyState !== 1;
  }

  ping(): void {
    this.pings++;
    this.stream.bytesWritten += 2;
  }

  terminate(): void {
    this.readyState = 3;
    this.watch?.closed();
  }
}

describe('Heartbeat', () => {
  describe('over a fake clock', () => {
    let clock: sinon.SinonFakeTimers;
    let heartbeat: Heartbeat;
    let peer: Peer;

    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      heartbeat = new Heartbeat(20, RATE);
      peer = new Peer();
      heartbeat.watch(peer.open);
    });
    afterEach(() => clock.restore());

    it('pings once an interval', () => {
      for (let i = 1; i <= 3; i++) {
        clock.tick(20_000);
        expect(peer.pings).to.equal(i);
        peer.stream.bytesRead += 6;
      }
      expect(peer.terminated).to.equal(false);
    });

    it('drops a peer that sent nothing since the last ping', () => {
      clock.tick(20_000);
      expect(peer.terminated).to.equal(false);
      clock.tick(20_000);
      expect(peer.terminated).to.equal(true);
    });

    it('gives each socket a whole interval to answer its first ping', () => {
      clock.tick(19_999);
      const late = new Peer();
      heartbeat.watch(late.open);
      clock.tick(1);
      expect([late.pings, late.terminated]).to.deep.equal([1, false]);
      clock.tick(20_000);
      expect(late.terminated).to.equal(true);
    });

    it('pings a peer that is not read from, and does not judge it', () => {
      peer.isPaused = true;
      clock.tick(60_000);
      expect([peer.pings, peer.terminated]).to.deep.equal([3, false]);
    });

    it('gives a peer a whole interval after reading goes on', () => {
      peer.isPaused = true;
      clock.tick(20_000);
      peer.isPaused = false;
      clock.tick(20_000);
      expect(peer.terminated).to.equal(false);
      clock.tick(20_000);
      expect(peer.terminated).to.equal(true);
    });

    it('keeps a peer that reads slowly, while it may be reading what the kernel took: its pong comes after that', () => {
      peer.stream.bytesWritten = 10 * INTERVAL;
      for (let i = 0; i < 10; i++) clock.tick(20_000);
      expect(peer.terminated).to.equal(false);
      // Seen once all was there, and once more for the pong.
      clock.tick(40_000);
      expect(peer.terminated).to.equal(true);
    });

    it('keeps a peer that reads slowly, while the kernel takes more', () => {
      peer.stream.bytesWritten = 10 * INTERVAL;
      peer.stream.writableLength = 10 * INTERVAL;
      for (let i = 0; i < 10; i++) {
        clock.tick(20_000);
        peer.stream.writableLength -= INTERVAL;
      }
      expect(peer.terminated).to.equal(false);
    });

    it('drops a peer for which the kernel takes no more, when it should have read what it took', () => {
      peer.stream.bytesWritten = 4 * INTERVAL;
      peer.stream.writableLength = INTERVAL;
      peer.ping = () => {
        peer.stream.bytesWritten += 2;
        peer.stream.writableLength += 2;
      };
      clock.tick(60_000);
      expect(peer.terminated).to.equal(false);
      clock.tick(40_000);
      expect(peer.terminated).to.equal(true);
    });

    it('drops a peer that speaks, but does not read what waits for it', () => {
      peer.stream.bytesWritten = peer.stream.writableLength = INTERVAL;
      for (let i = 0; i < 2; i++) {
        peer.stream.bytesRead++;
        clock.tick(20_000);
      }
      expect(peer.terminated).to.equal(true);
    });

    it('drops such a peer also while it is not read from', () => {
      peer.stream.bytesWritten = peer.stream.writableLength = INTERVAL;
      peer.isPaused = true;
      clock.tick(40_000);
      expect(peer.terminated).to.equal(true);
    });

    it('finds a peer that is gone, however much it is sent meanwhile', () => {
      for (let i = 0; i < 3; i++) {
        peer.stream.bytesWritten += INTERVAL / 2;
        clock.tick(20_000);
      }
      expect(peer.terminated).to.equal(true);
    });

    it('knows from a pong that all before the ping was read', () => {
      peer.stream.bytesWritten = 10 * INTERVAL;
      clock.tick(20_000);
      peer.stream.bytesRead += 6;
      peer.watch?.pong();
      clock.tick(60_000);
      expect(peer.terminated).to.equal(true);
    });

    it('sends no ping to a closing socket, and drops it when nothing moves any more', () => {
      peer.readyState = 2;
      clock.tick(20_000);
      peer.stream.bytesRead++;
      clock.tick(20_000);
      expect([peer.pings, peer.readyState]).to.deep.equal([0, 2]);
      clock.tick(20_000);
      expect(peer.readyState).to.equal(3);
    });

    it('has one timer, and only while sockets are open', () => {
      const second = new Peer();
      heartbeat.watch(second.open);
      expect(clock.countTimers()).to.equal(1);
      peer.terminate();
      expect(clock.countTimers()).to.equal(1);
      second.terminate();
      expect(clock.countTimers()).to.equal(0);
      heartbeat.watch(new Peer().open);
      expect(clock.countTimers()).to.equal(1);
    });

    it('watches none after stop()', () => {
      heartbeat.stop();
      expect(clock.countTimers()).to.equal(0);
      peer.terminate();
    });

    it('sends none with an interval of 0, and only sees to closing sockets', () => {
      heartbeat.stop();
      const none = new Heartbeat(0, RATE);
      none.watch(peer.open);
      clock.tick(120_000);
      expect([peer.pings, peer.readyState]).to.deep.equal([0, 1]);
      peer.readyState = 2;
      clock.tick(60_000);
      expect(peer.readyState).to.equal(3);
    });

    it('waits no longer than half a minute for a step of the closing handshake, however rare pings are', () => {
      heartbeat.stop();
      const rare = new Heartbeat(100, RATE);
      rare.watch(peer.open);
      clock.tick(100_000);
      expect(peer.pings).to.equal(1);
      peer.readyState = 2;
      clock.tick(60_000);
      expect(peer.readyState).to.equal(3);
    });
  });

  describe('over sockets', () => {
    afterEach(async () => {
      await closeWebSocketServers();
      await closeServers();
    });

    it('lets a peer read a large message, and the close after it, slowly but steadily', async () => {
      const size = 12_000_000;
      const { serverPort } = await serveApp(
        async (environ) => {
          await environ['wsgi.websocket']?.send(Buffer.alloc(size));
          return [];
        },
        { websocketPingInterval: 0.2, minRate: 100_000 },
      );
      const slow = await RawWebSocket.connect(serverPort);
      slow.socket.on('data', ({ length }: Buffer) => {
        slow.socket.pause();
        setTimeout(() => slow.socket.resume(), length / 3000);
      });
      const frames: Frame[] = [];
      do {
        frames.push(...(await slow.next()));
        if (frames.at(-1)?.opcode === PING) await slow.send(frame(PONG));
      } while (!slow.closed && frames.at(-1)?.opcode !== CLOSE);
      expect(frames.find(({ opcode }) => opcode === BINARY)?.payload).to.have.length(size);
      expect(codeOf(frames.at(-1) as Frame)).to.equal(1000);
      await slow.send(frame(CLOSE));
      await slow.toEnd();
    });

    it('drops the silent peer, and keeps the one that answers', async () => {
      const heartbeat = new Heartbeat(0.05, RATE);
      const server = await serveWebSocket(echo, { opened: (open) => heartbeat.watch(open) });
      const silent = await RawWebSocket.connect(server.port);
      const lively = await RawWebSocket.connect(server.port);
      let pongs = 0;
      const answering = setInterval(() => {
        pongs++;
        lively.send(frame(PONG));
      }, 10);
      await silent.toEnd();
      await until(() => pongs > 2, 'as many pongs');
      clearInterval(answering);
      expect(lively.closed).to.equal(false);
      await server.seen[0]?.gone;
      expect(server.seen[0]?.websocket.closeCode).to.equal(1006);
      await lively.toEnd();
    });
  });
});
