/** Bytes that arrived and were not read yet: taken out by count or by line. */
import { addPiece } from './pieces.js';

/** Bytes that are asked for at a time, where the size is ours to choose. */
export const READ_SIZE = 65_536;

const LF = 0x0a;
const EMPTY = Buffer.alloc(0);

export class ByteQueue {
  /** How many bytes wait. */
  length = 0;
  /** No more will come. */
  ended = false;
  #chunks: Buffer[] = [];
  /** Bytes already taken from the first chunk. */
  #offset = 0;
  /** Bytes that are known to hold no LF, so that a long line is scanned once. */
  #scanned = 0;

  /** @param chunk the next one; null: no more will come. */
  push(chunk: Buffer | null): void {
    if (chunk === null) {
      this.ended = true;
      return;
    }
    if (chunk.length === 0) return;
    addPiece(this.#chunks, chunk);
    this.length += chunk.length;
  }

  /** Takes `count` bytes, or all there are if fewer. */
  take(count: number): Buffer {
    const wanted = Math.min(count, this.length);
    if (wanted === 0) return EMPTY;
    this.length -= wanted;
    this.#scanned = Math.max(0, this.#scanned - wanted);
    const first = this.#chunks[0] as Buffer;
    const end = this.#offset + wanted;
    if (end < first.length) {
      const piece = first.subarray(this.#offset, end);
      this.#offset = end;
      return piece;
    }
    if (end === first.length) {
      this.#chunks.shift();
      const piece = first.subarray(this.#offset);
      this.#offset = 0;
      return piece;
    }
    return this.#takeAcross(wanted);
  }

  /** The length of the first line with its LF, or -1 if no LF is here yet. */
  lineLength(): number {
    let before = -this.#offset;
    for (const chunk of this.#chunks) {
      const start = Math.max(0, this.#scanned - before);
      const found = start < chunk.length ? chunk.indexOf(LF, Math.max(start, -before)) : -1;
      if (found !== -1) return before + found + 1;
      before += chunk.length;
    }
    this.#scanned = this.length;
    return -1;
  }

  /** Throws away what waits. */
  clear(): void {
    this.#chunks = [];
    this.length = 0;
    this.#offset = 0;
    this.#scanned = 0;
  }

  #takeAcross(wanted: number): Buffer {
    const result = Buffer.allocUnsafe(wanted);
    let filled = 0;
    let used = 0;
    while (filled < wanted) {
      const chunk = this.#chunks[used] as Buffer;
      const copied = chunk.copy(
        result,
        filled,
        this.#offset,
        Math.min(chunk.length, this.#offset + wanted - filled),
      );
      filled += copied;
      this.#offset += copied;
      if (this.#offset === chunk.length) {
        used++;
        this.#offset = 0;
      }
    }
    this.#chunks.splice(0, used);
    return result;
  }
}
