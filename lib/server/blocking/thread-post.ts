/** A thread's side of its line: sends frames, waits for room, and for what comes back. */
import { FROM_THREAD, MORE } from './messages.js';
import type { RequestQueue } from './request-queue.js';
import { Frame, TEXT_LIMIT } from './ring.js';
import { RUNS, type ThreadLine, WAITS_FOR_CLIENT } from './thread-line.js';

/** Frames of one request; the next one gets its own. */
export class ThreadPost {
  readonly #line: ThreadLine;
  readonly #queue: RequestQueue;
  readonly #id: number;
  readonly #frame = new Frame();

  constructor(line: ThreadLine, queue: RequestQueue, id: number) {
    this.#line = line;
    this.#queue = queue;
    this.#id = id;
  }

  /** The client is gone, or the request is not this thread's any more. */
  get gone(): boolean {
    return this.#line.gone || this.#line.current !== this.#id;
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
    this.#push(type, flags, rest, bytes);
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
    return !this.#line.block(RUNS, timeout, () => this.gone || this.#line.ended || this.#line.socketGone);
  }

  #push(type: number, flags: number, text: string, bytes?: Uint8Array): void {
    const push = () => this.#line.outbound.push(type, flags, this.#id, text, bytes);
    if (push()) return;
    this.ring();
    // Tried again behind each look at the bell: room that is made meanwhile rings it.
    this.#line.block(WAITS_FOR_CLIENT, Number.POSITIVE_INFINITY, push);
  }
}
