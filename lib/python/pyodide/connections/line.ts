/**
 * The shared memory between the event loop and a thread of Pyodide: a ring of frames each way, as threads for JavaScript have,
 * a bell for the event loop, and KeyboardInterrupt.
 */
import { Bell } from '../../../server/threads/shared/bell.js';
import { FRAME_LIMIT, type Frame } from '../../../server/threads/shared/ring.js';
import { RUNS, ThreadLine } from '../../../server/threads/shared/thread-line.js';

/** What Pyodide looks at while Python runs: 2 is SIGINT. It sets it to 0. */
const SIGNAL = 0;
/** The request that SIGINT is for. */
const INTERRUPTED = 1;
/** Sequence number that the event loop waits on: how often the thread has rung. */
const NOTICES = 16;
/** 1 while it waits. */
const WAITS = 17;
/** 1: the thread is to end when it has no request. */
const CLOSED = 18;
/** With many handlers: the request that Python works on; 0: none. */
const RUNNING = 19;
const WORDS = 32;

const SIGINT = 2;

/** Flag of a frame: the next one continues it. */
export const MORE = 1;

/** Frames from the thread that belong to no request. */
export const OF_THREAD = {
  /** JSON, as a process of CPython tells it on its control socket. */
  told: 0x6a, // j
  /** What was printed while no request ran. */
  output: 0x70, // p
  /** It uses much memory, and should be replaced. */
  tired: 0x7a, // z
} as const;

export interface LineMemory {
  readonly rings: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

export class PyodideLine {
  readonly memory: LineMemory;
  /** Rung when there is something for the event loop. */
  readonly bell: Bell;
  /** For `setInterruptBuffer`. */
  readonly signals: Int32Array;
  readonly #line: ThreadLine;
  readonly #words: Int32Array;

  constructor(memory?: LineMemory) {
    this.#line = new ThreadLine(memory?.rings);
    const words = memory?.words ?? new SharedArrayBuffer(WORDS * 4);
    this.memory = { rings: this.#line.memory, words };
    this.#words = new Int32Array(words);
    this.bell = new Bell(this.#words, NOTICES, WAITS);
    this.signals = new Int32Array(words, SIGNAL * 4, 1);
  }

  // The event loop

  /** @returns false while there is no room; the thread rings when it has read something. */
  post(kind: number, more: boolean, request: number, call: number, payload: Uint8Array): boolean {
    // First: the thread may read everything between the try and this.
    this.#line.wantRoom();
    return this.#line.inbound.push(kind, more ? MORE : 0, request, textOf(call), payload);
  }

  wake(): void {
    this.#line.wake();
  }

  interrupt(request: number): void {
    Atomics.store(this.#words, INTERRUPTED, request);
    Atomics.store(this.#words, SIGNAL, SIGINT);
    this.wake();
  }

  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    this.wake();
  }

  /** The next frame of the thread. */
  shift(frame: Frame): boolean {
    return this.#line.outbound.shift(frame);
  }

  // The thread

  /** Blocks while there is no room. */
  send(kind: number, more: boolean, request: number, call: number, payload: Uint8Array): void {
    const push = () => this.#line.outbound.push(kind, more ? MORE : 0, request, textOf(call), payload);
    if (push()) return;
    this.bell.ring();
    this.#line.block(RUNS, push);
  }

  /** The next frame to the thread, if it is there. */
  take(frame: Frame): boolean {
    const found = this.#line.inbound.shift(frame);
    if (found && this.#line.takeWantRoom()) this.bell.ring();
    return found;
  }

  /** Blocks until `ready` gives true. @param timeout milliseconds. */
  block(ready: () => boolean, timeout?: number): void {
    this.bell.ring();
    this.#line.block(RUNS, ready, timeout);
  }

  get isInterrupted(): boolean {
    return Atomics.load(this.#words, SIGNAL) !== 0;
  }

  /** The request that is to be interrupted; the signal is taken. */
  takeInterrupt(): number {
    Atomics.store(this.#words, SIGNAL, 0);
    return Atomics.load(this.#words, INTERRUPTED);
  }

  get isClosed(): boolean {
    return Atomics.load(this.#words, CLOSED) === 1;
  }

  // With many handlers (connections/)

  get running(): number {
    return Atomics.load(this.#words, RUNNING);
  }

  set running(request: number) {
    Atomics.store(this.#words, RUNNING, request);
  }

  /** How often the thread was woken, for `waitAsync`. */
  get wakes(): number {
    return this.#line.wakes;
  }

  /** Waits to be woken, without blocking. Undefined if that happened since `seen` was read. */
  waitAsync(seen: number): Promise<unknown> | undefined {
    this.bell.ring();
    return this.#line.waitAsync(seen);
  }
}

/** A frame of a ring has room for text, and most frames are answers to no call. */
function textOf(call: number): string {
  return call === 0 ? '' : String(call);
}

export function callOf({ text }: Frame): number {
  return text === '' ? 0 : Number(text);
}

/** @param send called in order, and once for no bytes. */
export function inPieces(payload: Uint8Array, send: (piece: Uint8Array, more: boolean) => void): void {
  let start = 0;
  for (; payload.length - start > FRAME_LIMIT; start += FRAME_LIMIT) {
    send(payload.subarray(start, start + FRAME_LIMIT), true);
  }
  send(start === 0 ? payload : payload.subarray(start), false);
}
