/** Frames between the event loop and a thread of Pyodide, in the rings that threads have: messages.ts has their kinds. */
import { RUN_BYTES } from '../../server/threads/shared/blocks.js';
import type { Frame } from '../../server/threads/shared/ring.js';

/** Frames from the thread that only Pyodide has. */
export const OF_THREAD = {
  /** The environ of the request, which was too long for the queue. */
  fetch: 0x66, // f
  /** Of no request: JSON, as a process of CPython tells it on its control socket. */
  told: 0x6a, // j
  /** Of no request: what was printed while none ran. */
  output: 0x70, // p
  /** Of no request, from a thread with many handlers: it uses much memory, and should be replaced. */
  tired: 0x7a, // z
} as const;

/** Flag of a frame: the next one continues it. */
export const MORE = 1;

/** Flag of a frame in the memory of Python: its bytes are in blocks, from which they are copied once. pyodide_channel.py has the same. */
export const IN_BLOCK = 2;

/** Bytes of a frame whose bytes go through blocks of shared memory: a mebibyte, and what is before it. */
export const LARGEST = RUN_BYTES + RUN_BYTES / 4;

/** Fewer bytes go through the ring. */
export const LARGE = 64 * 1024;

/** A frame of a ring has room for text, and most frames are answers to no call. */
export function textOf(call: number): string {
  return call === 0 ? '' : String(call);
}

export function callOf({ text }: Frame): number {
  return text === '' ? 0 : Number(text);
}

/** Puts frames together that came in pieces. */
export class Pieces {
  #pieces: Buffer[] | undefined;

  /** @returns the whole, or undefined while there is more to come. */
  add({ bytes, flags }: Frame): Buffer | undefined {
    if ((flags & MORE) !== 0) {
      this.#pieces ??= [];
      this.#pieces.push(bytes);
      return undefined;
    }
    if (this.#pieces === undefined) return bytes;
    const whole = Buffer.concat([...this.#pieces, bytes]);
    this.#pieces = undefined;
    return whole;
  }
}
