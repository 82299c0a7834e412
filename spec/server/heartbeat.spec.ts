/** Heartbeat: over a clock of our own with stand-ins for sockets, and once over real ones. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import sinon from 'sinon';
import type { OpenSocket } from '../../lib/environ/websocket.js';
import { Heartbeat } from '../../lib/server/heartbeat.js';
import { frame, PONG, RawWebSocket } from '../support/frames.js';
import { closeWebSocketServers, echo, serveWebSocket } from '../support/websocket-server.js';

/** What a heartbeat sees of a socket. */
class Peer extends EventEmitter {
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
    this.emit('close');
  }
}

describe('Heartbeat', () => {
  describe('over a fake clock', () => {
    let clock: sinon.SinonFakeTimers;
    let heartbeat: Heartbeat;
    let peer: Peer;

    beforeEach(() => {
      clock = sinon.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      heartbeat = new Heartbeat(20);
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

    it('keeps a peer that reads slowly: its pong is behind all that waits to be sent', () => {
      peer.stream.bytesWritten = 1_000_000;
      peer.stream.writableLength = 900_000;
      for (let i = 0; i < 5; i++) {
        clock.tick(20_000);
        peer.stream.writableLength -= 1000;
      }
      expect(peer.terminated).to.equal(false);
    });

    it('drops a peer that reads no more', () => {
      peer.stream.bytesWritten = 1_000_000;
      peer.stream.writableLength = 900_000;
      peer.ping = () => {
        peer.stream.bytesWritten += 2;
        peer.stream.writableLength += 2;
      };
      clock.tick(40_000);
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

    it('sends none with an interval of 0', () => {
      const none = new Heartbeat(0);
      none.watch(new Peer().open);
      expect(clock.countTimers()).to.equal(1);
    });
  });

  describe('over sockets', () => {
    afterEach(closeWebSocketServers);

    it('drops the silent peer, and keeps the one that answers', async () => {
      const heartbeat = new Heartbeat(0.05);
      const server = await serveWebSocket(echo, { opened: (open) => heartbeat.watch(open) });
      const silent = await RawWebSocket.connect(server.port);
      const lively = await RawWebSocket.connect(server.port);
      let pongs = 0;
      const answering = setInterval(() => {
        pongs++;
        lively.send(frame(PONG));
      }, 10);
      await silent.toEnd();
      clearInterval(answering);
      expect(pongs).to.be.greaterThan(2);
      expect(lively.closed).to.equal(false);
      await server.seen[0]?.gone;
      expect(server.seen[0]?.websocket.closeCode).to.equal(1006);
      await lively.toEnd();
    });
  });
});
