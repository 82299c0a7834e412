/** The frames between the event loop and a thread with many handlers: which lane one is for is in its number of the request. */
import { Bell } from '../../../server/threads/shared/bell.js';
import { Frame, inPieces } from '../../../server/threads/shared/ring.js';
import type { ThreadLine } from '../../../server/threads/shared/thread-line.js';
import { callOf, MORE, Pieces, textOf } from '../frames.js';

/** What the event loop and the thread share. */
export interface FramesMemory {
  /** Of a `ThreadLine`. */
  readonly line: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
}

export const BELL_BYTES = 8;

/** That of the event loop. */
export function bellIn(memory: SharedArrayBuffer): Bell {
  return new Bell(new Int32Array(memory), 0, 1);
}

/** To Python, beside those of messages.ts: KeyboardInterrupt is to be raised in this handler. */
export const INTERRUPT = 0x21; // !

const NOTHING = Buffer.alloc(0);

type Posted = [kind: number, more: boolean, request: number, call: number, payload: Uint8Array];

/** The event loop's end. */
export class Frames {
  readonly #line: ThreadLine;
  readonly #take: (kind: number, request: number, call: number, payload: Buffer) => void;
  readonly #frame = new Frame();
  readonly #pieces = new Pieces();
  /** Frames without room in the ring. */
  #waiting: Posted[] = [];

  constructor(
    line: ThreadLine,
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
    while (this.#line.outbound.shift(frame)) {
      read = true;
      const payload = this.#pieces.add(frame);
      if (payload !== undefined) this.#take(frame.type, frame.id, callOf(frame), payload);
    }
    if (read) this.#line.madeRoom();
  }

  #post(...frame: Posted): void {
    if (this.#waiting.length > 0 || !this.#push(...frame)) this.#waiting.push(frame);
  }

  /** @returns false while there is no room; the thread rings when it has read something. */
  #push(...[kind, more, request, call, payload]: Posted): boolean {
    // First: the thread may read everything between the try and this.
    this.#line.wantRoom();
    return this.#line.inbound.push(kind, more ? MORE : 0, request, textOf(call), payload);
  }

  #postWaiting(): void {
    let sent = 0;
    for (const frame of this.#waiting) {
      if (!this.#push(...frame)) break;
      sent++;
    }
    if (sent === 0) return;
    this.#waiting.splice(0, sent);
    this.#line.wake();
  }
}
