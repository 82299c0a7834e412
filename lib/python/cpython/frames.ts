/** Frames on a socket: a head of 13 bytes (length, kind, number of the request, number of the call) and the payload. */

const HEAD = 13;

export function encodeFrame(kind: number, request: number, call: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + payload.length);
  frame.writeUInt32BE(payload.length, 0);
  frame[4] = kind;
  frame.writeUInt32BE(request, 5);
  frame.writeUInt32BE(call, 9);
  frame.set(payload, HEAD);
  return frame;
}

export type OnFrame = (kind: number, request: number, call: number, payload: Buffer) => void;

/** Takes what comes apart into frames. Payloads are views of what came. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #waiting: Buffer[] = [];
  #have = 0;
  /** Bytes that the next frame takes, as far as that is known. */
  #wanted = HEAD;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#wanted) return;
    let buffer = this.#waiting.length === 1 ? chunk : Buffer.concat(this.#waiting, this.#have);
    this.#wanted = HEAD;
    while (buffer.length >= HEAD) {
      const end = HEAD + buffer.readUInt32BE(0);
      if (buffer.length < end) {
        this.#wanted = end;
        break;
      }
      const kind = buffer[4] as number;
      this.#onFrame(kind, buffer.readUInt32BE(5), buffer.readUInt32BE(9), buffer.subarray(HEAD, end));
      buffer = buffer.subarray(end);
    }
    this.#waiting = buffer.length === 0 ? [] : [buffer];
    this.#have = buffer.length;
  }
}
