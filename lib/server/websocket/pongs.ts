/**
 * Answers the pings of one peer.
 *
 * `ws` would cut a connection on which 60 pongs wait. They wait behind what the peer has not read yet, which may take it
 * longer than 60 of its pings, and pings come together when they had to wait: for an application that received nothing, say.
 * Here the number of pongs that wait is limited without a cut, and a peer that reads nothing is for the heartbeat to find.
 */
import type { WebSocket as WsSocket } from 'ws';

/** Pongs that wait to be written; of the pings that come after them the last is answered (RFC 6455 section 5.5.3). */
const MOST = 60;

export class Pongs {
  readonly #socket: WsSocket;
  #waiting = 0;
  /** A ping that is to be answered when there is room. */
  #last: Buffer | undefined;
  readonly #onWritten = () => this.#written();

  constructor(socket: WsSocket) {
    this.#socket = socket;
  }

  answer(data: Buffer): void {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    // Node tells later what the kernel took at once.
    if (this.#waiting >= MOST && socket.bufferedAmount > 0) {
      // A copy: it is a part of the chunk that came.
      this.#last = Buffer.from(data);
      return;
    }
    this.#last = undefined;
    this.#waiting++;
    socket.pong(data, false, this.#onWritten);
  }

  #written(): void {
    this.#waiting--;
    if (this.#last !== undefined) this.answer(this.#last);
  }
}
