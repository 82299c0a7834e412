/** The lane of a thread of Pyodide: the frames to it and from it, and the request that it has. */
import { Frame } from '../../server/threads/shared/ring.js';
import { BaseLane } from '../base-lane.js';
import { callOf, inPieces, MORE, OF_THREAD, type PyodideLine } from './line.js';

/** What the thread says about itself. */
export interface ThreadEvents {
  told(text: string): void;
  output(bytes: Buffer): void;
  /** It is to be replaced. */
  tired(): void;
  busy(): void;
  /** It is done with a request. */
  free(): void;
}

export class ThreadLane extends BaseLane {
  protected readonly loss = 'The thread of Python ended';
  readonly #line: PyodideLine;
  readonly #events: ThreadEvents;
  readonly #frame = new Frame();
  /** Of a frame that comes in pieces. */
  #pieces: Buffer[] = [];
  /** Frames without room in the ring. */
  #waiting: Parameters<PyodideLine['post']>[] = [];

  constructor(line: PyodideLine, events: ThreadEvents) {
    super();
    this.#line = line;
    this.#events = events;
  }

  /** Descriptors of all threads are those of this process. */
  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (this.isOver) return;
    const { request } = this;
    inPieces(payload, (piece, more) => this.#post(kind, more, request, call, piece));
    this.#line.wake();
  }

  interrupt(): void {
    if (this.request !== 0) this.#line.interrupt(this.request);
  }

  override lose(error: Error): void {
    this.#waiting = [];
    super.lose(error);
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
      this.take(type, id, callOf(frame), payload);
    }
    // It may wait for room.
    if (read) this.#line.wake();
  }

  protected override take(kind: number, request: number, call: number, payload: Buffer): void {
    if (kind === OF_THREAD.told) this.#events.told(payload.toString());
    else if (kind === OF_THREAD.output) this.#events.output(payload);
    else if (kind === OF_THREAD.tired) this.#events.tired();
    else super.take(kind, request, call, payload);
  }

  protected occupied(): void {
    this.#events.busy();
  }

  protected freed(): void {
    this.#events.free();
  }

  protected hangUp(): void {
    this.#line.close();
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
