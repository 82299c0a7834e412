/** The shared memory between the I/O thread and one other: a ring each way, and the words both look at. */
import { RING_BYTES, Ring } from './ring.js';

/** Sequence number that the thread waits on while it blocks. */
const BELL = 0;
/** 1 while it does. */
const WAITING = 1;
/** The request that the thread has. */
const CURRENT = 16;
/** What it is doing: `RUNS` or `WAITS_FOR_CLIENT`. */
const ACTIVITY = 17;
/** The request whose client is gone. */
const GONE = 32;
/** The request whose WebSocket is gone. */
const SOCKET_GONE = 33;
/** 1 while the I/O thread waits for room in the ring to the thread. */
const WANT_ROOM = 34;
/** The request whose client sends no more. */
const ENDED = 35;
/** 1: the thread is to begin with no more requests. */
const RETIRED = 36;
/** The request whose WebSocket gets no more messages: the server stops. */
const GOING_AWAY = 37;
/** The request of which it is said how its WebSocket ends, in how many bytes, and how often that was written. */
const TOLD = 38;
const TOLD_BYTES = 39;
const TOLD_TIMES = 40;
/** Sum of what the clients have taken of what the thread sent; it wraps at 32 bits. */
const SETTLED = 48;
const WORDS = 64;
/** A close reason has 123 bytes at most (RFC 6455 section 5.5), and an error of ours is not much longer. */
const ENDING_BYTES = 4096;

/** What a thread that has a request does. Only the first is for the watch on handlers that run for too long. */
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
  /** How many wait without blocking. */
  #listening = 0;

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

  /** The client of the current request is gone. */
  get gone(): boolean {
    return this.#isCurrent(GONE);
  }

  /** It sends no more, and may be gone. */
  get ended(): boolean {
    return this.gone || this.#isCurrent(ENDED);
  }

  /** The WebSocket of the current request is gone. */
  get socketGone(): boolean {
    return this.#isCurrent(SOCKET_GONE);
  }

  /** How the WebSocket of the current request ends, where that was told. */
  get ending(): Buffer | undefined {
    while (this.#isCurrent(TOLD)) {
      const times = Atomics.load(this.#words, TOLD_TIMES);
      const bytes = Buffer.from(this.#ending.subarray(0, Atomics.load(this.#words, TOLD_BYTES)));
      if (this.#isCurrent(TOLD) && Atomics.load(this.#words, TOLD_TIMES) === times) return bytes;
    }
    return undefined;
  }

  /** The WebSocket of the current request gets no more messages: the server stops. */
  get goingAway(): boolean {
    return this.#isCurrent(GOING_AWAY);
  }

  #isCurrent(word: number): boolean {
    const { current } = this;
    return current !== 0 && Atomics.load(this.#words, word) === current;
  }

  // The I/O thread

  clientGone(id: number): void {
    Atomics.store(this.#words, GONE, id);
    this.ring();
  }

  clientEnded(id: number): void {
    Atomics.store(this.#words, ENDED, id);
    this.ring();
  }

  webSocketGone(id: number): void {
    Atomics.store(this.#words, SOCKET_GONE, id);
    this.ring();
  }

  /** @param bytes say how the WebSocket of a request ends: what the thread finds until it receives that in its turn. */
  tellEnding(id: number, bytes: Buffer): void {
    if (bytes.length > ENDING_BYTES) return;
    Atomics.store(this.#words, TOLD, 0);
    Atomics.add(this.#words, TOLD_TIMES, 1);
    bytes.copy(this.#ending);
    Atomics.store(this.#words, TOLD_BYTES, bytes.length);
    Atomics.store(this.#words, TOLD, id);
  }

  goAway(id: number): void {
    Atomics.store(this.#words, GOING_AWAY, id);
    this.ring();
  }

  /** Something has come for the thread. */
  ring(): void {
    Atomics.add(this.#words, BELL, 1);
    if (Atomics.load(this.#words, WAITING) !== 0) Atomics.notify(this.#words, BELL);
  }

  /**
   * The thread is to begin with no request but this one, with which it is about to be ended.
   * @returns false, and all is as before, if it is not busy with that any more.
   */
  retire(id: number): boolean {
    Atomics.store(this.#words, RETIRED, 1);
    if (this.current === id) return true;
    Atomics.store(this.#words, RETIRED, 0);
    this.ring();
    return false;
  }

  /** A client has taken something that the thread sent, or somebody else answers for it. */
  settle(cost: number): void {
    Atomics.add(this.#words, SETTLED, cost);
    this.ring();
  }

  /** The thread is to say when it has read something. */
  wantRoom(): void {
    Atomics.store(this.#words, WANT_ROOM, 1);
  }

  // The thread

  /** The thread has sent something that its client has to take. */
  charge(cost: number): void {
    this.#sent = (this.#sent + cost) | 0;
  }

  /** What the thread still answers for. */
  get unsettled(): number {
    return (this.#sent - Atomics.load(this.#words, SETTLED)) | 0;
  }

  /** Blocks for as long as the thread is to begin with nothing. To be called when `current` is set. */
  waitWhileRetired(): void {
    const isFree = () => Atomics.load(this.#words, RETIRED) === 0;
    if (!isFree()) this.block(RUNS, Number.POSITIVE_INFINITY, isFree);
  }

  /** True once after the I/O thread asked for it. */
  takeWantRoom(): boolean {
    return Atomics.load(this.#words, WANT_ROOM) === 1 && Atomics.exchange(this.#words, WANT_ROOM, 0) === 1;
  }

  /**
   * Blocks until `ready` says true.
   * @param timeout milliseconds.
   * @returns false if the time was over before that.
   */
  block(activity: number, timeout: number, ready: () => boolean): boolean {
    const end = timeout === Number.POSITIVE_INFINITY ? timeout : performance.now() + timeout;
    const before = Atomics.load(this.#words, WAITING);
    for (;;) {
      const seen = Atomics.load(this.#words, BELL);
      if (ready()) return true;
      const left = end === Number.POSITIVE_INFINITY ? end : end - performance.now();
      if (left <= 0) return false;
      Atomics.store(this.#words, ACTIVITY, activity);
      Atomics.store(this.#words, WAITING, 1);
      Atomics.wait(this.#words, BELL, seen, left);
      Atomics.store(this.#words, WAITING, before);
      Atomics.store(this.#words, ACTIVITY, RUNS);
    }
  }

  /** Sequence number of the bell, for `listen`. */
  get rings(): number {
    return Atomics.load(this.#words, BELL);
  }

  /** Waits without blocking until the bell rings. Undefined if it rang since `seen` was read. */
  listen(seen: number): Promise<unknown> | undefined {
    Atomics.store(this.#words, WAITING, 1);
    const { async, value } = Atomics.waitAsync(this.#words, BELL, seen);
    if (!async) return undefined;
    // Of an earlier request, one may still wait, or be about to hear of a ring that came before this one listens.
    this.#listening++;
    return value.finally(() => {
      if (--this.#listening === 0) Atomics.store(this.#words, WAITING, 0);
    });
  }
}
