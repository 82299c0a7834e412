/**
 * The queue of requests in shared memory that all threads claim from: no request is promised to a thread that may be
 * busy for long. A claim is one compare-and-swap, so a thread that is ended at any point holds no lock.
 */
import { Bell } from './bell.js';

const SLOTS = 64;
const MASK = SLOTS - 1;
/** Bytes of a request head and a small body in a slot; what is longer is fetched by the thread that claims it. */
const SLOT_ROOM = 16 * 1024;

// Words, far enough apart for those that different threads write.
/** Sequence number that the I/O thread waits on: how often a thread has notified it. */
const NOTICES = 0;
/** 1 while it waits. */
const IO_WAITS = 1;
/** Sequence number that idle threads wait on. */
const WORK = 16;
/** How many threads wait on it. */
const IDLE = 17;
const STOP = 18;
/** Positions: requests ever claimed or cancelled, and ever queued. */
const HEAD = 32;
const TAIL = 33;
/** One word for each slot. */
const STATES = 48;
const WORDS = STATES + SLOTS;

// States; CLAIMED goes with the number of the thread above it (of which 30 bits are kept).
const FREE = 0;
const QUEUED = 1;
const CLAIMED = 2;
const THREAD_SHIFT = 2;

const SLOT_WORDS = 4;
const SLOT_BYTES = SLOT_WORDS * 4 + SLOT_ROOM;

const NOTHING = Buffer.alloc(0);

/** A request in the queue. */
export interface QueuedRequest {
  readonly id: number;
  readonly flags: number;
  /** The request head, latin-1; undefined if it is too long for a slot. */
  readonly text: string | undefined;
  /** A body that came with it. */
  readonly body: Buffer | undefined;
}

export class RequestQueue {
  readonly memory: SharedArrayBuffer;
  /** Rung when there is something for the I/O thread, in a ring or here. */
  readonly bell: Bell;
  readonly #words: Int32Array;
  readonly #slots: Int32Array;
  readonly #bytes: Buffer;

  constructor(memory = new SharedArrayBuffer(WORDS * 4 + SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.bell = new Bell(this.#words, NOTICES, IO_WAITS);
    this.#slots = new Int32Array(memory, WORDS * 4, (SLOTS * SLOT_BYTES) / 4);
    this.#bytes = Buffer.from(memory, WORDS * 4);
  }

  // The I/O thread

  /** Queues a request. Returns its slot, or -1 if none is free. */
  put(id: number, flags: number, text: string, body: Uint8Array = NOTHING): number {
    this.#passCancelled();
    const tail = Atomics.load(this.#words, TAIL);
    const slot = tail & MASK;
    if (Atomics.load(this.#words, STATES + slot) !== FREE) return -1;
    if (((tail - Atomics.load(this.#words, HEAD)) | 0) >= SLOTS) return -1;
    const fits = text.length + body.length <= SLOT_ROOM;
    const word = (slot * SLOT_BYTES) >> 2;
    this.#slots[word] = id;
    this.#slots[word + 1] = flags;
    this.#slots[word + 2] = fits ? text.length : -1;
    this.#slots[word + 3] = fits ? body.length : 0;
    const start = slot * SLOT_BYTES + SLOT_WORDS * 4;
    if (fits) this.#bytes.write(text, start, 'latin1');
    if (fits && body.length > 0) this.#bytes.set(body, start + text.length);
    Atomics.store(this.#words, STATES + slot, QUEUED);
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
    return slot;
  }

  /** Goes past those that were cancelled: the threads that would do so may be busy for long. */
  #passCancelled(): void {
    for (;;) {
      const head = Atomics.load(this.#words, HEAD);
      if (head === Atomics.load(this.#words, TAIL)) return;
      if (Atomics.load(this.#words, STATES + (head & MASK)) !== FREE) return;
      Atomics.compareExchange(this.#words, HEAD, head, (head + 1) | 0);
    }
  }

  /** Wakes idle threads, as many as there are requests for, and no more than `most`. False if there is no request. */
  wake(most = Number.POSITIVE_INFINITY): boolean {
    const queued = (Atomics.load(this.#words, TAIL) - Atomics.load(this.#words, HEAD)) | 0;
    if (queued <= 0) return false;
    Atomics.add(this.#words, WORK, 1);
    if (Atomics.load(this.#words, IDLE) > 0) Atomics.notify(this.#words, WORK, Math.min(queued, most));
    return true;
  }

  /** Takes back a request that no thread has claimed. False if one has. */
  cancel(slot: number, id: number): boolean {
    if (this.#slots[(slot * SLOT_BYTES) >> 2] !== id) return false;
    return Atomics.compareExchange(this.#words, STATES + slot, QUEUED, FREE) === QUEUED;
  }

  /** Frees what a thread that ended was about to take. Returns the request, or undefined. */
  release(thread: number): number | undefined {
    for (let slot = 0; slot < SLOTS; slot++) {
      if (Atomics.load(this.#words, STATES + slot) !== claimedBy(thread)) continue;
      const id = this.#slots[(slot * SLOT_BYTES) >> 2];
      Atomics.store(this.#words, STATES + slot, FREE);
      return id;
    }
    return undefined;
  }

  /** Tells all threads to end once they have finished what they have. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    this.wakeAll();
  }

  /** Idle threads look around, whether there is a request or not. */
  wakeAll(): void {
    Atomics.add(this.#words, WORK, 1);
    Atomics.notify(this.#words, WORK);
  }

  // The other threads

  /**
   * The oldest request that no thread has claimed, or undefined.
   * @param thread a number that no other thread has or had.
   * @param claimed is called before the slot is free again.
   */
  claim(thread: number, claimed: (id: number) => void): QueuedRequest | undefined {
    const slot = this.#win(thread);
    if (slot === -1) return undefined;
    const word = (slot * SLOT_BYTES) >> 2;
    const id = this.#slots[word] as number;
    const flags = this.#slots[word + 1] as number;
    const length = this.#slots[word + 2] as number;
    const start = slot * SLOT_BYTES + SLOT_WORDS * 4;
    const text = length === -1 ? undefined : this.#bytes.toString('latin1', start, start + length);
    const bodyLength = this.#slots[word + 3] as number;
    const from = start + length;
    const body = bodyLength === 0 ? undefined : Buffer.from(this.#bytes.subarray(from, from + bodyLength));
    claimed(id);
    Atomics.store(this.#words, STATES + slot, FREE);
    return { id, flags, text, body };
  }

  /**
   * The same for a thread that copies the bytes elsewhere.
   * @param claimed is called before the slot is free again: with the text and then the body, undefined where they are too
   *   long for a slot, and how long the text is.
   * @returns false if there is none.
   */
  claimBytes(
    thread: number,
    claimed: (id: number, bytes: Buffer | undefined, textLength: number) => void,
  ): boolean {
    const slot = this.#win(thread);
    if (slot === -1) return false;
    const word = (slot * SLOT_BYTES) >> 2;
    const length = this.#slots[word + 2] as number;
    const start = slot * SLOT_BYTES + SLOT_WORDS * 4;
    const end = start + length + (this.#slots[word + 3] as number);
    claimed(
      this.#slots[word] as number,
      length === -1 ? undefined : this.#bytes.subarray(start, end),
      length,
    );
    Atomics.store(this.#words, STATES + slot, FREE);
    return true;
  }

  /** The slot of the oldest request, which is this thread's now; -1: there is none. */
  #win(thread: number): number {
    const words = this.#words;
    let passed = false;
    for (;;) {
      const head = Atomics.load(words, HEAD);
      if (head === Atomics.load(words, TAIL)) {
        // There is room, and no other thread knows that.
        if (passed) this.bell.ring();
        return -1;
      }
      const slot = head & MASK;
      const won = Atomics.compareExchange(words, STATES + slot, QUEUED, claimedBy(thread)) === QUEUED;
      // Also past a slot that was cancelled, or claimed by a thread that was ended at this point.
      Atomics.compareExchange(words, HEAD, head, (head + 1) | 0);
      if (won) return slot;
      passed = true;
    }
  }

  get stopping(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** Sequence number of new work, to be read before one looks for some. */
  get work(): number {
    return Atomics.load(this.#words, WORK);
  }

  /** Blocks until there is new work since `seen`, or `timeout` milliseconds are over. */
  wait(seen: number, timeout: number): void {
    Atomics.add(this.#words, IDLE, 1);
    Atomics.wait(this.#words, WORK, seen, timeout);
    Atomics.sub(this.#words, IDLE, 1);
  }

  /** The same without blocking. */
  waitAsync(seen: number): Promise<unknown> | undefined {
    Atomics.add(this.#words, IDLE, 1);
    const { async, value } = Atomics.waitAsync(this.#words, WORK, seen);
    if (async) return value.finally(() => Atomics.sub(this.#words, IDLE, 1));
    Atomics.sub(this.#words, IDLE, 1);
    return undefined;
  }
}

function claimedBy(thread: number): number {
  return CLAIMED | (thread << THREAD_SHIFT);
}
