/** A block of bytes in pieces that go into one frame each. */
import type { Bytes } from '../../../environ/types.js';
import { FRAME_LIMIT } from './ring.js';

/** @param send called in order, and once for an empty block. `more`: it was not the last piece. */
export function inPieces(bytes: Bytes, send: (piece: Bytes, more: boolean) => void): void {
  let start = 0;
  for (; bytes.length - start > FRAME_LIMIT; start += FRAME_LIMIT) {
    send(bytes.subarray(start, start + FRAME_LIMIT), true);
  }
  send(start === 0 ? bytes : bytes.subarray(start), false);
}
