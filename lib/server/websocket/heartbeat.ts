/** Finds peers that disappeared without closing, or read too slowly: pings them, and drops those that show no sign of life. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket as WsSocket } from 'ws';
import { type Placed, PlacedSet } from '../../placed.js';
import { Backlog, kernelRoom } from '../http/backlog.js';
import { hasUnsent, takenOf } from '../http/node-internals.js';
import type { OpenSocket, PeerWatch } from './socket.js';

/** Seconds that a peer has at most for each step of the closing handshake; `ws` gives as many for all of it. */
const CLOSING = 30;

/** Bytes that the peer's kernel holds until the peer reads them, and with them our ping: the default of Linux. */
const PEER_ROOM = 6 * 1024 ** 2;

/** One timer for all sockets; it exists only while there are some, and keeps no process alive. */
export class Heartbeat {
  /** Bytes that a peer has to read between two beats. */
  readonly toRead: number;
  /** Milliseconds. */
  readonly #period: number;
  /** Beats from one ping to the next. */
  readonly #every: number;
  readonly #watched = new PlacedSet<Watched>();
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param seconds between two pings; 0 sends none, and closing sockets only are watched.
   * @param minRate bytes a second that a peer reads of what it is sent.
   */
  constructor(seconds: number, minRate: number) {
    this.#every = seconds > 0 ? Math.ceil(seconds / CLOSING) : Number.POSITIVE_INFINITY;
    this.#period = (seconds > 0 ? seconds / this.#every : CLOSING) * 1000;
    this.toRead = (minRate * this.#period) / 1000;
  }

  /**
   * Watches a socket until it is closed. A silent peer is dropped between one and two intervals after it fell silent, or, where it may
   * have been reading what it was sent, after it can have read that.
   */
  watch(open: OpenSocket): void {
    const watched = new Watched(open, this);
    this.#watched.add(watched);
    open.socket.watch = watched;
    this.#timer ??= setInterval(() => this.#beat(), this.#period).unref();
  }

  #beat(): void {
    const pings = ++this.#beats % this.#every === 0;
    for (const watched of this.#watched.list()) watched.beat(pings);
  }

  /** Forgets all sockets. */
  stop(): void {
    this.#watched.clear();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size === 0) this.stop();
  }
}

/** One socket, and what was seen of it at the last beat. */
class Watched extends Backlog implements PeerWatch, Placed {
  place = -1;
  readonly #heartbeat: Heartbeat;
  readonly #socket: WsSocket;
  readonly #stream: Duplex & Partial<Pick<Socket, 'bytesRead'>>;
  #judged = false;
  #read = 0;
  /** Where the oldest ping without an answer begins, or a place before that; -1: all were answered. */
  #ping = -1;
  /** Bytes ahead of that ping, or of the close frame, that the peer may have to read; undefined: some are not sent yet. */
  #ahead: number | undefined;

  constructor({ socket, stream }: OpenSocket, heartbeat: Heartbeat) {
    super(stream, kernelRoom() + PEER_ROOM);
    this.#socket = socket;
    this.#stream = stream;
    this.#heartbeat = heartbeat;
  }

  /** @param pings a ping is to be sent; otherwise only closing sockets are judged. */
  beat(pings: boolean): void {
    const { toRead } = this.#heartbeat;
    this.pass(this.#stream, toRead);
    // A closing socket gets no more pings, but the peer may have disappeared, or not read what is left to send.
    const isOpen = this.#socket.readyState === this.#socket.OPEN;
    if (isOpen && !pings) return;
    const waits = hasUnsent(this.#stream);
    const paused = this.#socket.isPaused || this.#stream.isPaused();
    // While we do not read, its pong cannot be seen: then only what it takes tells, if something waits for that.
    if (paused) this.#forgetPing();
    const judged = waits || !paused;
    if (judged && this.#judged && !this.#isAlive(waits)) {
      this.#socket.terminate();
      return;
    }
    this.#judged = judged;
    this.#read = this.#stream.bytesRead ?? 0;
    if (this.#ahead !== undefined) this.#ahead = Math.max(0, this.#ahead - toRead);
    if (this.#ping === -1) this.#ping = takenOf(this.#stream);
    if (!waits) this.#ahead ??= this.bytes;
    if (!isOpen) return;
    this.#socket.ping();
    // It has all the time until the next beat to be read.
    this.pass(this.#stream, 0);
  }

  closed(): void {
    this.#heartbeat.forget(this);
  }

  /** It has read a ping, and all before it. */
  pong(): void {
    if (this.#ping === -1) return;
    this.hasAtMost(takenOf(this.#stream) - this.#ping);
    this.#forgetPing();
  }

  #forgetPing(): void {
    this.#ping = -1;
    this.#ahead = undefined;
  }

  #isAlive(waits: boolean): boolean {
    const speaks = (this.#stream.bytesRead ?? 0) !== this.#read;
    // A peer that has to read may send and not read.
    if (speaks && !(waits && this.isEmpty)) return true;
    return this.#ahead === undefined ? !this.isEmpty : this.#ahead > 0;
  }
}
