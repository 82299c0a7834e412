/** The lane of a thread of Pyodide: the frames to it and from it, and the request that it has. */
import { Frame } from '../../server/threads/shared/ring.js';
import { lostError } from '../error.js';
import type { InstanceLane } from '../instance.js';
import type { LaneWork } from '../lane.js';
import { TO_PYTHON } from '../messages.js';
import { callOf, inPieces, MORE, OF_THREAD, type PyodideLine } from './line.js';

/** 31 bits; 0 is none. */
const MOST_REQUESTS = 0x7fffffff;

/** What the thread says about itself. */
export interface ThreadEvents {
  told(text: string): void;
  output(bytes: Buffer): void;
  /** It is to be replaced. */
  tired(): void;
  busy(): void;
  /** It is through with a request. */
  free(): void;
}

export class ThreadLane implements InstanceLane {
  request = 0;
  work: LaneWork | undefined;
  heard = 0;
  interrupted = false;
  /** It has had a request. */
  worked = false;
  /** How many requests it has had. */
  requests = 0;
  readonly #line: PyodideLine;
  readonly #events: ThreadEvents;
  readonly #frame = new Frame();
  #reserved = false;
  #closing = false;
  #over = false;
  #numbers = 0;
  /** Of a frame that comes in pieces. */
  #pieces: Buffer[] = [];
  /** Frames without room in the ring. */
  #waiting: Parameters<PyodideLine['post']>[] = [];

  constructor(line: PyodideLine, events: ThreadEvents) {
    this.#line = line;
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.work !== undefined;
  }

  get isFree(): boolean {
    return this.work === undefined && !this.#reserved && !this.#over && !this.#closing;
  }

  reserve(): void {
    this.#reserved = true;
  }

  /** Descriptors of all threads are those of this process. */
  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined;
  }

  begin(work: LaneWork, message: Buffer): void {
    this.work = work;
    this.worked = true;
    this.requests++;
    this.interrupted = this.#reserved = false;
    this.heard = performance.now();
    this.#numbers = (this.#numbers % MOST_REQUESTS) + 1;
    this.request = this.#numbers;
    if (this.#over) queueMicrotask(() => this.lose(lostError('The thread of Python ended')));
    else {
      this.#events.busy();
      this.send(TO_PYTHON.request, 0, message);
    }
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (this.#over) return;
    const { request } = this;
    inPieces(payload, (piece, more) => this.#post(kind, more, request, call, piece));
    this.#line.wake();
  }

  done(): void {
    this.work = undefined;
    this.request = 0;
    if (this.#closing) this.#line.close();
    this.#events.free();
  }

  /** No more requests; the thread ends when it has none. */
  close(): void {
    this.#closing = true;
    if (this.work === undefined) this.#line.close();
  }

  interrupt(): void {
    if (this.request !== 0) this.#line.interrupt(this.request);
  }

  lose(error: Error): void {
    const { work } = this;
    this.#over = true;
    this.work = undefined;
    this.request = 0;
    this.#waiting = [];
    work?.lost(error);
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

  #take(kind: number, request: number, call: number, payload: Buffer): void {
    if (kind === OF_THREAD.told) this.#events.told(payload.toString());
    else if (kind === OF_THREAD.output) this.#events.output(payload);
    else if (kind === OF_THREAD.tired) this.#events.tired();
    // The rest is what an earlier request had to say after its end.
    else if (request === this.request) {
      this.heard = performance.now();
      this.work?.frame(kind, call, payload);
    }
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
