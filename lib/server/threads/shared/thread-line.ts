/** The shared memory between the I/O thread and one other: a ring each way, and the words that both look at. */
import { RING_BYTES, Ring } from './ring.js';

/** Sequence number that the thread waits on: how often it was woken. */
const WAKES = 0;
/** 1 while it waits. */
const WAITING = 1;
/** The request that the thread has. */
const CURRENT = 16;
/** What it is doing: `RUNS` or `WAITS_FOR_CLIENT`. */
const ACTIVITY = 17;
/** The request whose client closed the connection. */
const CLIENT_CLOSED = 32;
/** The request whose WebSocket has no connection any more. */
const SOCKET_CLOSED = 33;
/** 1 while the I/O thread waits for room in the ring to the thread. */
const WANT_ROOM = 34;
/** The request whose client sends no more. */
const CLIENT_ENDED = 35;
/** 1: the thread is to begin no more requests. */
const RETIRED = 36;
/** The request whose WebSocket gets no more messages, for the server stops. */
const GOING_AWAY = 37;
/** The request whose WebSocket has an ending, the length of that in bytes, and how often one was written. */
const ENDING = 38;
const ENDING_LENGTH = 39;
const ENDINGS = 40;
/** The request whose WebSocket was asked how much it has to send, and the bytes of that. */
const BUFFERED_OF = 41;
const BUFFERED = 42;
/** How much of the body of its request the thread waits for: bytes from the beginning, which wrap at 32 bits. */
const WANTED = 43;
/** 1: the thread is to end once it has no request. */
const LEAVING = 44;
/** What Pyodide looks at while Python runs, and sets to 0: 2 is SIGINT. And the request that it is for. */
const SIGNAL = 45;
const INTERRUPTED = 46;
/** 1 while the thread waits for room in the ring from it. */
const NEEDS_ROOM = 47;
/** Sum of what clients have taken of what the thread sent; it wraps at 32 bits. */
const SETTLED = 48;
const WORDS = 64;
/** A close reason has 123 bytes at most (RFC 6455 section 5.5), and an error of ours is not much longer. */
const ENDING_BYTES = 4096;

const SIGINT = 2;

/** A word has 32 bits. */
const MOST = 2 ** 31 - 1;

/** As many bytes of a body may be wanted beyond what has come: no more is ever sent at once. */
const MOST_WANTED = 2 ** 30;

/** What a thread that has a request does. The watch on handlers that run for too long looks only at the first. */
export const RUNS = 0;
export const WAITS_FOR_CLIENT = 1;

/** What a write costs beside its bytes: the objects that wait with it. */
const WRITE_BYTES = 512;

/** As much of a response may wait for any client, beyond the budget: no more than a whole small response. */
export const ALLOWANCE = 64 * 1024;

/** The same on both sides: a thread counts what it sends, and the I/O thread what the clients have taken. */
export function costOf(bytes: number): number {
  return bytes + WRITE_BYTES;
}

export class ThreadLine {
  readonly memory: SharedArrayBuffer;
  /** To the thread. */
  readonly inbound: Ring;
  /** From the thread. */
  readonly outbound: Ring;
  readonly #words: Int32Array;
  readonly #ending: Buffer;
  /** Sum of what the thread sent. */
  #sent = 0;
  /** How many waits there are without blocking. */
  #waits = 0;

  constructor(memory = new SharedArrayBuffer(WORDS * 4 + ENDING_BYTES + 2 * RING_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.#ending = Buffer.from(memory, WORDS * 4, ENDING_BYTES);
    const rings = WORDS * 4 + ENDING_BYTES;
    this.inbound = new Ring(memory, rings);
    this.outbound = new Ring(memory, rings + RING_BYTES);
  }

  /** 0 for none. */
  get current(): number {
    return Atomics.load(this.#words, CURRENT);
  }

  set current(id: number) {
    Atomics.store(this.#words, CURRENT, id);
  }

  get activity(): number {
    return Atomics.load(this.#words, ACTIVITY);
  }

  /** The client of the current request closed the connection. */
  get clientClosed(): boolean {
    return this.#isCurrent(CLIENT_CLOSED);
  }

  /** It sends no more, and may have closed the connection. */
  get clientEnded(): boolean {
    return this.clientClosed || this.#isCurrent(CLIENT_ENDED);
  }

  /** The WebSocket of the current request has no connection any more. */
  get socketClosed(): boolean {
    return this.#isCurrent(SOCKET_CLOSED);
  }

  /** How the WebSocket of the current request ends, once that is known. */
  get ending(): Buffer | undefined {
    while (this.#isCurrent(ENDING)) {
      const endings = Atomics.load(this.#words, ENDINGS);
      const bytes = Buffer.from(this.#ending.subarray(0, Atomics.load(this.#words, ENDING_LENGTH)));
      // Unless it was overwritten meanwhile.
      if (this.#isCurrent(ENDING) && Atomics.load(this.#words, ENDINGS) === endings) return bytes;
    }
    return undefined;
  }

  /** The WebSocket of the current request gets no more messages, for the server stops. */
  get goingAway(): boolean {
    return this.#isCurrent(GOING_AWAY);
  }

  /** How many bytes the WebSocket of the current request has to send, once `tellBuffered` was called. */
  get buffered(): number | undefined {
    return this.#isCurrent(BUFFERED_OF) ? Atomics.load(this.#words, BUFFERED) : undefined;
  }

  forgetBuffered(): void {
    Atomics.store(this.#words, BUFFERED_OF, 0);
  }

  #isCurrent(word: number): boolean {
    const { current } = this;
    return current !== 0 && Atomics.load(this.#words, word) === current;
  }

  // The I/O thread

  tellClientClosed(id: number): void {
    this.#tell(CLIENT_CLOSED, id);
  }

  tellClientEnded(id: number): void {
    this.#tell(CLIENT_ENDED, id);
  }

  tellSocketClosed(id: number): void {
    this.#tell(SOCKET_CLOSED, id);
  }

  tellGoingAway(id: number): void {
    this.#tell(GOING_AWAY, id);
  }

  #tell(word: number, id: number): void {
    Atomics.store(this.#words, word, id);
    this.wake();
  }

  /** @param bytes say how the WebSocket of a request ends, for a thread that has not received that in its turn. */
  tellEnding(id: number, bytes: Buffer): void {
    if (bytes.length > ENDING_BYTES) return;
    Atomics.store(this.#words, ENDING, 0);
    Atomics.add(this.#words, ENDINGS, 1);
    bytes.copy(this.#ending);
    Atomics.store(this.#words, ENDING_LENGTH, bytes.length);
    Atomics.store(this.#words, ENDING, id);
  }

  /** Answers `FROM_THREAD.buffered`. */
  tellBuffered(id: number, bytes: number): void {
    Atomics.store(this.#words, BUFFERED, Math.min(bytes, MOST));
    this.#tell(BUFFERED_OF, id);
  }

  /** There is something for the thread to look at. */
  wake(): void {
    Atomics.add(this.#words, WAKES, 1);
    if (Atomics.load(this.#words, WAITING) !== 0) Atomics.notify(this.#words, WAKES);
  }

  /**
   * The thread is to begin no request after this one, for it is about to be ended.
   * @returns false, and all is as before, if it has finished with that one.
   */
  retire(id: number): boolean {
    Atomics.store(this.#words, RETIRED, 1);
    if (this.current === id) return true;
    Atomics.store(this.#words, RETIRED, 0);
    this.wake();
    return false;
  }

  /** The thread is to end once it has no request. One that sleeps has to be woken by the queue. */
  leave(): void {
    Atomics.store(this.#words, LEAVING, 1);
  }

  /** Raises KeyboardInterrupt in a thread of Python that has this request. */
  interrupt(id: number): void {
    Atomics.store(this.#words, INTERRUPTED, id);
    Atomics.store(this.#words, SIGNAL, SIGINT);
    this.wake();
  }

  /** A client has taken something that the thread sent, or that is counted elsewhere from now on. */
  settle(cost: number): void {
    Atomics.add(this.#words, SETTLED, cost);
    this.wake();
  }

  /** How many bytes of its body the thread waits for beyond the first `sent`; 0 or less: none. */
  wantedAfter(sent: number): number {
    return (Atomics.load(this.#words, WANTED) - sent) | 0;
  }

  /** The I/O thread has read something: wakes the thread if that waits for room. */
  madeRoom(): void {
    if (Atomics.load(this.#words, NEEDS_ROOM) === 1) this.wake();
  }

  /** The thread is to notify once it has read something. */
  wantRoom(): void {
    Atomics.store(this.#words, WANT_ROOM, 1);
  }

  // The thread

  /** The thread waits for so many bytes of its body beyond the first `received`. */
  want(received: number, bytes: number): void {
    Atomics.store(this.#words, WANTED, (received + Math.min(bytes, MOST_WANTED)) | 0);
  }

  /** The thread has sent something that its client is to take. */
  charge(cost: number): void {
    this.#sent = (this.#sent + cost) | 0;
  }

  /** What clients have not taken of that, as far as it is counted with the thread. */
  get unsettled(): number {
    return (this.#sent - Atomics.load(this.#words, SETTLED)) | 0;
  }

  /** Blocks while the thread is to begin no request. To be called when `current` is set. */
  waitWhileRetired(): void {
    const isFree = () => Atomics.load(this.#words, RETIRED) === 0;
    if (!isFree()) this.block(RUNS, isFree);
  }

  get isLeaving(): boolean {
    return Atomics.load(this.#words, LEAVING) === 1;
  }

  /** For Pyodide's `setInterruptBuffer`. */
  get signals(): Int32Array {
    return this.#words.subarray(SIGNAL, SIGNAL + 1);
  }

  get isInterrupted(): boolean {
    return Atomics.load(this.#words, SIGNAL) !== 0;
  }

  /** The request that is to be interrupted; the signal is taken. */
  takeInterrupt(): number {
    Atomics.store(this.#words, SIGNAL, 0);
    return Atomics.load(this.#words, INTERRUPTED);
  }

  /** True once after the I/O thread asked for it. */
  takeWantRoom(): boolean {
    return Atomics.load(this.#words, WANT_ROOM) === 1 && Atomics.exchange(this.#words, WANT_ROOM, 0) === 1;
  }

  /**
   * Blocks until `ready` returns true.
   * @param timeout milliseconds.
   * @returns false if that took longer.
   */
  block(activity: number, ready: () => boolean, timeout = Number.POSITIVE_INFINITY): boolean {
    const end = performance.now() + timeout;
    const before = Atomics.load(this.#words, WAITING);
    for (;;) {
      const seen = Atomics.load(this.#words, WAKES);
      if (ready()) return true;
      const left = end - performance.now();
      if (left <= 0) return false;
      Atomics.store(this.#words, ACTIVITY, activity);
      Atomics.store(this.#words, WAITING, 1);
      Atomics.wait(this.#words, WAKES, seen, left);
      Atomics.store(this.#words, WAITING, before);
      Atomics.store(this.#words, ACTIVITY, RUNS);
    }
  }

  /** Blocks until `push` has written its frame, for which there was no room. It is tried again when there is. */
  blockForRoom(activity: number, push: () => boolean): void {
    Atomics.store(this.#words, NEEDS_ROOM, 1);
    this.block(activity, push);
    Atomics.store(this.#words, NEEDS_ROOM, 0);
  }

  /** How often the thread was woken, for `waitAsync`. */
  get wakes(): number {
    return Atomics.load(this.#words, WAKES);
  }

  /** Waits to be woken, without blocking. Undefined if that happened since `seen` was read. */
  waitAsync(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.#words, WAITING, 1);
    const { async, value } = Atomics.waitAsync(this.#words, WAKES, seen);
    if (!async) return undefined;
    // A wait of an earlier request may not have ended yet.
    this.#waits++;
    return value.finally(() => {
      if (--this.#waits === 0) Atomics.store(this.#words, WAITING, 0);
    });
  }
}
