/** The frames between the event loop and a thread with many handlers: which lane one is for is in its number of the request. */
import { Frame } from '../../../server/threads/shared/ring.js';
import { callOf, inPieces, MORE, type PyodideLine } from './line.js';

/** To Python, beside those of messages.ts: KeyboardInterrupt is to be raised in this handler. */
export const INTERRUPT = 0x21; // !

const NOTHING = Buffer.alloc(0);

/** The event loop's end. */
export class Frames {
  readonly #line: PyodideLine;
  readonly #take: (kind: number, request: number, call: number, payload: Buffer) => void;
  readonly #frame = new Frame();
  /** Of a frame that comes in pieces: no other one comes between. */
  #pieces: Buffer[] = [];
  /** Frames without room in the ring. */
  #waiting: Parameters<PyodideLine['post']>[] = [];

  constructor(
    line: PyodideLine,
    take: (kind: number, request: number, call: number, payload: Buffer) => void,
  ) {
    this.#line = line;
    this.#take = take;
  }

  send(kind: number, request: number, call: number, payload: Uint8Array): void {
    inPieces(payload, (piece, more) => this.#post(kind, more, request, call, piece));
    this.#line.wake();
  }

  /** Where the handler runs, and where it waits. */
  interrupt(request: number): void {
    this.#post(INTERRUPT, false, request, 0, NOTHING);
    this.#line.interrupt(request);
  }

  /** Nobody will read them. */
  forget(): void {
    this.#waiting = [];
  }

  /** Takes what the thread has sent. */
  drain(): void {
    this.#postWaiting();
    const frame = this.#frame;
    let read = false;
    while (this.#line.shift(frame)) {
      read = true;
      const { type, id, flags, bytes } = frame;
      if ((flags & MORE) !== 0) {
        this.#pieces.push(bytes);
        continue;
      }
      const payload = this.#pieces.length === 0 ? bytes : Buffer.concat([...this.#pieces, bytes]);
      this.#pieces = [];
      this.#take(type, id, callOf(frame), payload);
    }
    // It may wait for room.
    if (read) this.#line.wake();
  }

  #post(...frame: Parameters<PyodideLine['post']>): void {
    if (this.#waiting.length > 0 || !this.#line.post(...frame)) this.#waiting.push(frame);
  }

  #postWaiting(): void {
    let sent = 0;
    for (const frame of this.#waiting) {
      if (!this.#line.post(...frame)) break;
      sent++;
    }
    if (sent === 0) return;
    this.#waiting.splice(0, sent);
    this.#line.wake();
  }
}
