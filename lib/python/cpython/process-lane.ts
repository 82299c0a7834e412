/** A thread of a CPython process: its socket, the request that it has, and those that it takes next. */
import type { Socket } from 'node:net';
import type { Environ } from '../../environ/types.js';
import { BaseLane } from '../base-lane.js';
import { lostError } from '../error.js';
import type { LaneWork } from '../lane.js';
import { FROM_PYTHON, TO_PYTHON } from '../messages.js';
import { requestMessage } from '../request-message.js';
import { encodeFrame, encodeHead, FrameReader } from './frames.js';
import { readFrames } from './lane-socket.js';

/** Milliseconds to wait for the end of a socket whose process has ended: a program that it started may hold it open. */
const END_MS = 500;
/** Requests, and bytes of them, that go to a thread at once: what one call of the system writes, and one reads (channel.py). */
const MOST_IN_ROW = 32;
const MOST_BYTES = 32 * 1024;
/** Bytes of a payload that is not copied. */
const LARGE = 8 * 1024;
/** channel.py has the same, and the number of the next request below it. */
const HAS_WAITED = 0x80000000;

/** A request that a thread was sent and has not begun. */
export interface Queued {
  readonly work: LaneWork;
  readonly environ: Environ;
}

/** What a lane tells its process. */
export interface LaneEvents {
  free(): void;
  /** A request was answered. @param hasWaited for something else than the processor, as most of those in its row. */
  answered(hasWaited: boolean): void;
  /** They have not begun, and will not here. */
  returned(queued: Queued[]): void;
}

export class ProcessLane extends BaseLane {
  readonly index: number;
  /** When its request began: `performance.now()`. */
  began = 0;
  protected readonly loss = 'The Python process ended';
  readonly #socket: Socket;
  readonly #pid: number;
  readonly #events: LaneEvents;
  readonly #queued = new Map<number, Queued>();
  /** Requests of this turn of the event loop, which are sent together at its end. */
  #row: Buffer[] = [];
  #rowBytes = 0;
  /** What the thread goes on with, as it has said; 0: nothing. */
  #next = 0;

  constructor(index: number, socket: Socket, pid: number, events: LaneEvents) {
    super();
    this.index = index;
    this.#pid = pid;
    this.#events = events;
    const reader = new FrameReader((kind, request, call, payload) =>
      this.#hear(kind, request, call, payload),
    );
    this.#socket = readFrames(socket, reader);
    // `close` follows.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => this.#closed());
  }

  /** More requests may go out with those of this turn. */
  get isOpen(): boolean {
    const row = this.#row.length + this.reserved;
    return row > 0 && row < MOST_IN_ROW && this.#rowBytes < MOST_BYTES && this.isUsable;
  }

  get queued(): number {
    return this.#queued.size;
  }

  pathOf(descriptor: number): string | undefined {
    return process.platform === 'linux' ? `/proc/${this.#pid}/fd/${descriptor}` : undefined;
  }

  override begin(work: LaneWork, environ: Environ): void {
    if (this.work === undefined) {
      super.begin(work, environ);
      this.began = this.heard;
      return;
    }
    const message = requestMessage(environ);
    const number = this.nextNumber();
    if (this.#rowBytes + message.length > MOST_BYTES) {
      // A thread that read only a part of the row could not give back the rest.
      this.#rowBytes = MOST_BYTES;
      this.#events.returned([{ work, environ }]);
      return;
    }
    this.#queued.set(number, { work, environ });
    this.#inRow(encodeFrame(TO_PYTHON.request, number, 0, message));
  }

  send(kind: number, call: number, payload: Uint8Array): void {
    this.heard = performance.now();
    if (payload.length > LARGE && this.#row.length === 0) {
      this.#writeLarge(encodeHead(kind, this.request, call, payload.length), payload);
      return;
    }
    const frame = encodeFrame(kind, this.request, call, payload);
    if (kind === TO_PYTHON.request || this.#row.length > 0) this.#inRow(frame);
    else this.#write(frame);
  }

  override done(): void {
    const number = this.#next;
    this.#next = 0;
    const next = this.#queued.get(number);
    if (next === undefined) {
      super.done();
      return;
    }
    this.#queued.delete(number);
    this.goOn(next.work, number);
    this.began = this.heard;
  }

  /** What the thread gave back, or cannot begin any more; without numbers all. */
  giveBack(numbers: Iterable<number> = [...this.#queued.keys()]): void {
    const back: Queued[] = [];
    for (const number of numbers) {
      const queued = this.#queued.get(number);
      if (queued !== undefined) back.push(queued);
      this.#queued.delete(number);
    }
    if (back.length > 0) this.#events.returned(back);
  }

  override lose(error: Error): void {
    // What a thread may still begin must not begin elsewhere.
    const queued = this.isOver ? [] : [...this.#queued.values()];
    if (queued.length > 0) this.#queued.clear();
    super.lose(error);
    for (const { work } of queued) work.lost(error);
    this.giveBack();
  }

  /** Settles when nothing more can come. */
  async ended(): Promise<void> {
    if (this.isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.resume();
    });
    this.#socket.destroy();
  }

  /** Node runs on for its requests alone. */
  unref(): void {
    if (this.work === undefined) this.#socket.unref();
  }

  protected occupied(): void {
    this.#socket.ref();
  }

  protected freed(): void {
    this.#socket.unref();
    this.#events.free();
  }

  protected hangUp(): void {
    this.#flush();
    this.#socket.end();
  }

  #hear(kind: number, request: number, call: number, payload: Buffer): void {
    if (kind !== FROM_PYTHON.whole && kind !== FROM_PYTHON.done) {
      this.take(kind, request, call, payload);
      return;
    }
    // The last word to a request: in the place of a call is what comes next.
    this.#next = call >= HAS_WAITED ? call - HAS_WAITED : call;
    this.#events.answered(call >= HAS_WAITED);
    this.take(kind, request, 0, payload);
  }

  #inRow(frame: Buffer): void {
    if (this.#row.length === 0) setImmediate(() => this.#flush());
    this.#row.push(frame);
    this.#rowBytes += frame.length;
  }

  #flush(): void {
    const row = this.#row;
    if (row.length === 0) return;
    this.#row = [];
    this.#rowBytes = 0;
    this.#write(row.length === 1 ? (row[0] as Buffer) : Buffer.concat(row));
  }

  #write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** In one call of the system, without a copy. */
  #writeLarge(head: Buffer, payload: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(payload);
    this.#socket.uncork();
  }

  /** The thread has given up, or its process has ended, which knows why. */
  #closed(): void {
    this.isOver = true;
    this.giveBack();
    if (this.work === undefined) return;
    setTimeout(() => this.lose(lostError('The thread of Python ended')), END_MS);
  }
}
