/** Frames on a socket: a head of 13 bytes (length, kind, number of the request, number of the call) and the payload. */

const HEAD = 13;
/** Bytes of memory that frames are read into, and how many of them may be left over at its end. */
const SLAB = 64 * 1024;
const LEFT_OVER = 8 * 1024;

export function encodeHead(kind: number, request: number, call: number, length: number): Buffer {
  return writeHead(Buffer.allocUnsafe(HEAD), kind, request, call, length);
}

export function encodeFrame(kind: number, request: number, call: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + payload.length);
  writeHead(frame, kind, request, call, payload.length).set(payload, HEAD);
  return frame;
}

function writeHead(frame: Buffer, kind: number, request: number, call: number, length: number): Buffer {
  frame.writeUInt32BE(length, 0);
  frame[4] = kind;
  frame.writeUInt32BE(request, 5);
  frame.writeUInt32BE(call, 9);
  return frame;
}

export type OnFrame = (kind: number, request: number, call: number, payload: Buffer) => void;

/**
 * Takes what comes apart into frames. It says where the bytes are to be read to, so that those of a large frame need not be
 * put together. Payloads are views of that memory, which is not written to again.
 */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB);
  /** Of what has come and was not taken yet. */
  #start = 0;
  #end = 0;
  /** Bytes that the next frame takes, as far as that is known. */
  #wanted = HEAD;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Where the next bytes go; then say how many `came`. */
  room(): Buffer {
    const left = this.#slab.length - this.#end;
    if (this.#start + this.#wanted > this.#slab.length || (left < LEFT_OVER && this.#wanted === HEAD)) {
      this.#renew();
    }
    return this.#slab.subarray(this.#end);
  }

  came(bytes: number): void {
    this.#end += bytes;
    while (this.#end - this.#start >= this.#wanted) {
      const slab = this.#slab;
      const start = this.#start;
      const end = start + HEAD + slab.readUInt32BE(start);
      if (end > this.#end) {
        this.#wanted = end - start;
        return;
      }
      this.#start = end;
      this.#wanted = HEAD;
      const payload = slab.subarray(start + HEAD, end);
      this.#onFrame(
        slab[start + 4] as number,
        slab.readUInt32BE(start + 5),
        slab.readUInt32BE(start + 9),
        payload,
      );
    }
  }

  /** For what was read elsewhere. */
  push(chunk: Buffer): void {
    let taken = 0;
    while (taken < chunk.length) {
      const copied = chunk.copy(this.room(), 0, taken);
      taken += copied;
      this.came(copied);
    }
  }

  /** A frame that is larger gets memory of its size. */
  #renew(): void {
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB, this.#wanted));
    this.#slab.copy(slab, 0, this.#start, this.#end);
    this.#slab = slab;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
