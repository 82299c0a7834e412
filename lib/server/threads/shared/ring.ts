/** A one-way queue of frames in shared memory: one thread writes, one reads, neither takes a lock. */
import type { Bytes } from '../../../environ/types.js';
import { NONE } from './blocks.js';

/** Bytes of a ring; a power of two. */
const SIZE = 256 * 1024;
const MASK = SIZE - 1;
/** Type, flags and block; request; length of the text; length of the bytes: four words. */
const HEADER = 16;

const BLOCK_SHIFT = 16;

/** The most bytes of body to put into one frame, so that the reader can begin before the writer has done. */
export const FRAME_LIMIT = 64 * 1024;

/** The most characters of text: with it a frame still goes into an empty ring. */
export const TEXT_LIMIT = 64 * 1024;

/** Positions: bytes ever read and ever written, which wrap at 32 bits. Apart, so that they share no cache line. */
const HEAD = 0;
const TAIL = 16;
const WORDS = 32;

export const RING_BYTES = WORDS * 4 + SIZE;

/** What was read; one object serves for all frames of a ring. */
export class Frame {
  type = 0;
  flags = 0;
  /** The request that it belongs to. */
  id = 0;
  /** Latin-1. */
  text = '';
  /** A copy; empty where the bytes are in a block. */
  bytes: Buffer = NOTHING;
  /** The block that holds the bytes instead, or NONE. */
  block = NONE;
  length = 0;
}

const NOTHING = Buffer.alloc(0);

export class Ring {
  readonly #words: Int32Array;
  readonly #headers: Int32Array;
  readonly #bytes: Buffer;

  /** @param offset a multiple of 16. */
  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#words = new Int32Array(memory, offset, WORDS);
    this.#headers = new Int32Array(memory, offset + WORDS * 4, SIZE / 4);
    this.#bytes = Buffer.from(memory, offset + WORDS * 4, SIZE);
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#words, HEAD) === Atomics.load(this.#words, TAIL);
  }

  /** How many bytes were ever written and read: whether something moves. */
  get traffic(): number {
    return (Atomics.load(this.#words, HEAD) + Atomics.load(this.#words, TAIL)) | 0;
  }

  /**
   * Writes a frame.
   * @param block where the bytes are already, or NONE.
   * @returns false, and nothing is written, while there is no room for all of it.
   */
  push(
    type: number,
    flags: number,
    id: number,
    text: string,
    bytes: Uint8Array = NOTHING,
    block = NONE,
  ): boolean {
    const tail = Atomics.load(this.#words, TAIL);
    const used = (tail - Atomics.load(this.#words, HEAD)) | 0;
    const inline = block === NONE ? bytes.length : 0;
    const size = frameSize(text.length + inline);
    if (size > SIZE - used) return false;
    const at = tail & MASK;
    const word = at >> 2;
    this.#headers[word] = type | (flags << 8) | ((block + 1) << BLOCK_SHIFT);
    this.#headers[word + 1] = id;
    this.#headers[word + 2] = text.length;
    this.#headers[word + 3] = bytes.length;
    if (text.length > 0) this.#writeText((at + HEADER) & MASK, text);
    if (inline > 0) this.#writeBytes((at + HEADER + text.length) & MASK, bytes);
    Atomics.store(this.#words, TAIL, (tail + size) | 0);
    return true;
  }

  /** Reads the next frame into `frame`; false if there is none. */
  shift(frame: Frame): boolean {
    const head = Atomics.load(this.#words, HEAD);
    if (head === Atomics.load(this.#words, TAIL)) return false;
    const at = head & MASK;
    const word = at >> 2;
    const headers = this.#headers;
    const first = headers[word] as number;
    const textLength = headers[word + 2] as number;
    const length = headers[word + 3] as number;
    frame.type = first & 0xff;
    frame.flags = (first >> 8) & 0xff;
    frame.block = (first >>> BLOCK_SHIFT) - 1;
    frame.length = length;
    frame.id = headers[word + 1] as number;
    frame.text = textLength === 0 ? '' : this.#readText((at + HEADER) & MASK, textLength);
    const inline = frame.block === NONE ? length : 0;
    frame.bytes = inline === 0 ? NOTHING : this.#readBytes((at + HEADER + textLength) & MASK, inline);
    Atomics.store(this.#words, HEAD, (head + frameSize(textLength + inline)) | 0);
    return true;
  }

  #writeText(at: number, text: string): void {
    if (at + text.length <= SIZE) this.#bytes.write(text, at, 'latin1');
    else this.#writeBytes(at, Buffer.from(text, 'latin1'));
  }

  #writeBytes(at: number, bytes: Uint8Array): void {
    const before = SIZE - at;
    if (bytes.length <= before) this.#bytes.set(bytes, at);
    else {
      this.#bytes.set(bytes.subarray(0, before), at);
      this.#bytes.set(bytes.subarray(before), 0);
    }
  }

  #readText(at: number, length: number): string {
    if (at + length <= SIZE) return this.#bytes.toString('latin1', at, at + length);
    return this.#bytes.toString('latin1', at, SIZE) + this.#bytes.toString('latin1', 0, at + length - SIZE);
  }

  #readBytes(at: number, length: number): Buffer {
    const copy = Buffer.allocUnsafe(length);
    const before = Math.min(length, SIZE - at);
    this.#bytes.copy(copy, 0, at, at + before);
    if (before < length) this.#bytes.copy(copy, before, 0, length - before);
    return copy;
  }
}

/** Frames begin at multiples of their header, so that no header lies across the end. */
function frameSize(payload: number): number {
  return (HEADER + payload + (HEADER - 1)) & -HEADER;
}

/**
 * Bytes in pieces that go into one frame each.
 * @param send called in order, and once for no bytes. `more`: it was not the last piece.
 */
export function inPieces(bytes: Bytes, send: (piece: Bytes, more: boolean) => void): void {
  let start = 0;
  for (; bytes.length - start > FRAME_LIMIT; start += FRAME_LIMIT) {
    send(bytes.subarray(start, start + FRAME_LIMIT), true);
  }
  send(start === 0 ? bytes : bytes.subarray(start), false);
}
