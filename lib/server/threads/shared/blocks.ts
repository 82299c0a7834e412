/** Blocks of shared memory in which large pieces of responses travel from the threads to the sockets, without a copy. */

/** Bytes of a block. */
export const BLOCK_BYTES = 256 * 1024;

/** Not a block. */
export const NONE = -1;

/** A frame has 16 bits for the number of a block. */
const MOST_BLOCKS = 0xffff;

// The state of a block, one word each; a number above 0 is the thread that fills it.
const FREE = 0;
/** The I/O thread has it, until the kernel has taken what it holds. */
const SENT = -1;

/**
 * A thread takes a block by compare-and-swap, so one that is ended at any point holds no lock. The blocks come back in any
 * order: a slow client keeps only its own. Where none is free, the bytes go through the thread's ring.
 */
export class Blocks {
  readonly memory: SharedArrayBuffer;
  readonly #states: Int32Array;
  readonly #bytes: Buffer;

  /** @param memory of another thread, or the most bytes that all of them may have. */
  constructor(memory: SharedArrayBuffer | number) {
    this.memory = typeof memory === 'number' ? allocate(memory) : memory;
    const count = Math.floor(this.memory.byteLength / (BLOCK_BYTES + Int32Array.BYTES_PER_ELEMENT));
    this.#bytes = Buffer.from(this.memory, 0, count * BLOCK_BYTES);
    this.#states = new Int32Array(this.memory, count * BLOCK_BYTES, count);
  }

  /** How many are not free. */
  get used(): number {
    return this.#states.length - this.#states.filter((state) => state === FREE).length;
  }

  /**
   * Copies bytes into the first free block: memory that was never used costs nothing.
   * @param thread a number that no other thread has or had.
   * @returns the block, or NONE.
   */
  fill(thread: number, bytes: Uint8Array): number {
    for (let block = 0; block < this.#states.length; block++) {
      if (Atomics.compareExchange(this.#states, block, FREE, thread) !== FREE) continue;
      // Between private and shared memory faster than `set`, on Node 20 by far.
      this.view(block, bytes.length).fill(bytes);
      return block;
    }
    return NONE;
  }

  view(block: number, length: number): Buffer {
    return this.#bytes.subarray(block * BLOCK_BYTES, block * BLOCK_BYTES + length);
  }

  /** The I/O thread has read the frame with this block: it comes back by `free`. */
  claim(block: number): void {
    Atomics.store(this.#states, block, SENT);
  }

  free(block: number): void {
    Atomics.store(this.#states, block, FREE);
  }

  /** Frees what a thread that ended has taken, and the I/O thread has not claimed. */
  release(thread: number): void {
    for (let block = 0; block < this.#states.length; block++) {
      Atomics.compareExchange(this.#states, block, thread, FREE);
    }
  }
}

function allocate(bytes: number): SharedArrayBuffer {
  const count = Math.min(Math.floor(bytes / BLOCK_BYTES), MOST_BLOCKS - 1);
  return new SharedArrayBuffer(count * (BLOCK_BYTES + Int32Array.BYTES_PER_ELEMENT));
}
