/** A thread's side of its line: sends frames, waits for room, and for what comes back. */

import { BLOCK_BYTES, type Blocks, NONE } from '../shared/blocks.js';
import { FROM_THREAD, MORE } from '../shared/messages.js';
import type { RequestQueue } from '../shared/request-queue.js';
import { FRAME_LIMIT, Frame, TEXT_LIMIT } from '../shared/ring.js';
import { costOf, RUNS, type ThreadLine, WAITS_FOR_CLIENT } from '../shared/thread-line.js';

/** What a thread talks through. */
export interface ThreadChannel {
  /** No other thread has it, nor had. */
  readonly serial: number;
  readonly line: ThreadLine;
  readonly queue: RequestQueue;
  readonly blocks: Blocks;
}

/** Bytes that a client may be behind before the handler waits for it. */
const WINDOW = 1024 * 1024;

/** Fewer bytes are copied through the ring: that costs less than to look for a block. */
const LARGE = 16 * 1024;

/** Frames of one request; the next one gets its own. */
export class ThreadPost {
  readonly #channel: ThreadChannel;
  readonly #line: ThreadLine;
  readonly #queue: RequestQueue;
  readonly #id: number;
  readonly #frame = new Frame();
  /** The handler closed its WebSocket. */
  closed = false;

  constructor(channel: ThreadChannel, id: number) {
    this.#channel = channel;
    this.#line = channel.line;
    this.#queue = channel.queue;
    this.#id = id;
  }

  /** The client is gone, or the request is not this thread's any more. */
  get gone(): boolean {
    return this.#line.gone || this.#line.current !== this.#id;
  }

  /** How the WebSocket ends, once that is known. */
  get ending(): Buffer | undefined {
    return this.#line.current === this.#id ? this.#line.ending : undefined;
  }

  get socketGone(): boolean {
    return this.#line.socketGone || this.#line.current !== this.#id;
  }

  /** The server stops: no message is to be handed out any more. */
  get goingAway(): boolean {
    return this.#line.goingAway;
  }

  /** Tells the I/O thread that there is something to read. */
  ring(): void {
    this.#queue.ring();
  }

  /** Writes a frame, and blocks while there is no room. What would go to a client that is gone is dropped. */
  send(type: number, flags = 0, text = '', bytes?: Uint8Array): void {
    let rest = text;
    while (rest.length > TEXT_LIMIT) {
      this.#push(type, flags | MORE, rest.slice(0, TEXT_LIMIT));
      rest = rest.slice(TEXT_LIMIT);
    }
    this.#pushBytes(type, flags, rest, bytes);
  }

  /** Sends a part of a body, in pieces, and waits with each while the client is behind. */
  sendBody(type: number, flags: number, bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      this.#waitForClient();
      if (this.gone) return;
      rest = rest.subarray(this.#sendPiece(type, flags, rest));
    }
  }

  /** Sends a message, in pieces, once the client is not behind: nobody can take a part of it. */
  sendMessage(type: number, flags: number, bytes: Uint8Array): void {
    this.#waitForClient();
    let rest = bytes;
    do rest = rest.subarray(this.#sendPiece(type, flags, rest, MORE));
    while (rest.length > 0);
  }

  /**
   * Sends as much as fits into one frame.
   * @param more flag of all pieces but the last.
   * @returns how much that was.
   */
  #sendPiece(type: number, flags: number, bytes: Uint8Array, more = 0): number {
    const { blocks, serial } = this.#channel;
    let piece = bytes.subarray(0, BLOCK_BYTES);
    const block = piece.length < LARGE ? NONE : blocks.fill(serial, piece);
    if (block === NONE) piece = bytes.subarray(0, FRAME_LIMIT);
    this.#line.charge(costOf(piece.length));
    this.#push(type, piece.length < bytes.length ? flags | more : flags, '', piece, block);
    return piece.length;
  }

  /**
   * Blocks for the next frame to this request.
   * @param timeout milliseconds.
   * @returns undefined if none came in that time, or the client is gone.
   */
  receive(timeout = Number.POSITIVE_INFINITY): Frame | undefined {
    const line = this.#line;
    let found = this.poll();
    if (found !== undefined) return found;
    this.ring();
    line.block(WAITS_FOR_CLIENT, timeout, () => {
      found = this.poll();
      return found !== undefined || this.gone;
    });
    return found;
  }

  /** The next frame to this request, if it is there already. */
  poll(): Frame | undefined {
    const { inbound } = this.#line;
    while (inbound.shift(this.#frame)) {
      if (this.#line.takeWantRoom()) this.ring();
      // Others are left over from a request that did not read all that was sent to it.
      if (this.#frame.id === this.#id) return this.#frame;
    }
    return undefined;
  }

  /** The request head that was too long for the queue; undefined if the client is gone. */
  fetchHead(): string | undefined {
    this.send(FROM_THREAD.fetchHead);
    let text = '';
    for (;;) {
      const frame = this.receive();
      if (frame === undefined) return undefined;
      text += frame.text;
      if ((frame.flags & MORE) === 0) return text;
    }
  }

  /**
   * Blocks for a time.
   * @param timeout milliseconds.
   * @returns false if the client left meanwhile.
   */
  pause(timeout: number): boolean {
    this.ring();
    // Its own close is no reason to stop: the handler goes on, as on the event loop.
    if (this.closed) return !this.#line.block(RUNS, timeout, () => this.#line.current !== this.#id);
    return !this.#line.block(RUNS, timeout, () => this.gone || this.#line.ended || this.#line.socketGone);
  }

  #waitForClient(): void {
    const line = this.#line;
    if (line.unsettled < WINDOW) return;
    this.ring();
    const ready = () => line.unsettled < WINDOW || this.gone || this.socketGone;
    line.block(WAITS_FOR_CLIENT, Number.POSITIVE_INFINITY, ready);
  }

  #pushBytes(type: number, flags: number, text: string, bytes: Uint8Array | undefined): void {
    const { blocks, serial } = this.#channel;
    const isLarge = bytes !== undefined && bytes.length >= LARGE;
    this.#push(type, flags, text, bytes, isLarge ? blocks.fill(serial, bytes) : NONE);
  }

  #push(type: number, flags: number, text: string, bytes?: Uint8Array, block = NONE): void {
    const push = () => this.#line.outbound.push(type, flags, this.#id, text, bytes, block);
    if (push()) return;
    this.ring();
    // Tried again behind each look at the bell: room that is made meanwhile rings it.
    this.#line.block(WAITS_FOR_CLIENT, Number.POSITIVE_INFINITY, push);
  }
}
