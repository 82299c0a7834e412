/** WebSocket frames as bytes, and a client that sends and gets them as they are (RFC 6455 section 5.2). */
import { connect, type Socket } from 'node:net';

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface Frame {
  fin: boolean;
  /** 4 is RSV1, the bit of permessage-deflate. */
  rsv: number;
  opcode: number;
  payload: Buffer;
}

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
/** In the order of bytes of this machine. */
const MASK_WORD = new Int32Array(Uint8Array.from(MASK).buffer)[0] as number;

/** A frame of a client: masked. */
export function frame(opcode: number, payload: string | Buffer = '', { fin = true, rsv = 0 } = {}): Buffer {
  const body = Buffer.from(payload);
  mask(body);
  return Buffer.concat([frameHead((fin ? 0x80 : 0) | (rsv << 4) | opcode, body.length), MASK, body]);
}

/** Four bytes at a time, where there are as many: long messages are many bytes. */
function mask(bytes: Buffer): void {
  const whole = bytes.byteOffset % 4 === 0 ? bytes.length & ~3 : 0;
  const words = new Int32Array(bytes.buffer, whole === 0 ? 0 : bytes.byteOffset, whole / 4);
  for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ MASK_WORD;
  for (let i = whole; i < bytes.length; i++) bytes[i] = (bytes[i] as number) ^ (MASK[i & 3] as number);
}

/** A message in fragments. */
export function fragments(opcode: number, parts: readonly (string | Buffer)[], rsv = 0): Buffer[] {
  return parts.map((part, i) =>
    frame(i === 0 ? opcode : CONTINUATION, part, { fin: i === parts.length - 1, rsv: i === 0 ? rsv : 0 }),
  );
}

/** Pieces of `size` bytes; one empty piece of nothing. */
export function pieces(bytes: Buffer, size: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(bytes.subarray(at, at + size));
  return parts.length > 0 ? parts : [bytes];
}

export function closeFrame(code?: number, reason: string | Buffer = ''): Buffer {
  if (code === undefined) return frame(CLOSE);
  return frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
}

/** The code in a close frame; 1005 if it has none. */
export function codeOf({ payload }: Frame): number {
  return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
}

function frameHead(first: number, length: number): Buffer {
  if (length < 126) return Buffer.from([first, 0x80 | length]);
  if (length < 65536) return Buffer.from([first, 0x80 | 126, length >> 8, length & 255]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 0x80 | 127;
  head.writeUIntBE(length, 4, 6);
  return head;
}

export interface RawOptions {
  /** Default: `/chat`. */
  path?: string;
  /** Lines to add to the handshake. */
  headers?: readonly string[];
  /** Names of headers to leave out of what a handshake has. */
  without?: readonly string[];
  /** Do not read until `resume()`. */
  paused?: boolean;
  /** Bytes to send in the same write as the handshake. */
  also?: Buffer;
}

/** A WebSocket client that follows no rule. */
export class RawWebSocket {
  readonly socket: Socket;
  /** The head of the response. */
  head = '';
  /** All of the frames that came so far. */
  readonly frames: Frame[] = [];
  closed = false;
  #rest = Buffer.alloc(0);
  #chunks: Buffer[] = [];
  #wanted = 0;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay();
    socket.on('data', (chunk) => this.#take(chunk));
    // A connection that is reset is one that has ended; the frames tell the rest.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.#wake?.();
    });
  }

  /** @param place a port, or a connection that is there already. */
  static async connect(
    place: number | Socket,
    { path = '/chat', headers = [], without = [], paused = false, also }: RawOptions = {},
  ): Promise<RawWebSocket> {
    const client = new RawWebSocket(typeof place === 'number' ? connect(place, '127.0.0.1') : place);
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ].filter((line) => !without.some((name) => line.startsWith(`${name}:`)));
    lines.push(...headers);
    client.socket.write(
      Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), also ?? Buffer.alloc(0)]),
    );
    await client.#until(() => client.head !== '');
    if (paused) client.socket.pause();
    return client;
  }

  /** Writes as they are; `each` bytes at a time, each in a segment of its own, if it is given. */
  async send(bytes: Buffer | readonly Buffer[], each?: number): Promise<void> {
    const all = Buffer.isBuffer(bytes) ? [bytes] : bytes;
    for (const part of all) {
      for (const piece of each === undefined ? [part] : pieces(part, each)) {
        if (!this.socket.writable) return;
        if (this.socket.write(piece)) {
          if (each !== undefined) await new Promise((resolve) => setImmediate(resolve));
        } else await new Promise<void>((resolve) => this.#drained(resolve));
      }
    }
  }

  /** The next `count` frames, after those that were asked for before; fewer if the connection ends. */
  async next(count = 1): Promise<Frame[]> {
    const from = this.#wanted;
    this.#wanted += count;
    await this.#until(() => this.closed || this.frames.length >= from + count);
    return this.frames.slice(from, from + count);
  }

  /** All frames, once the server has closed the connection. */
  async toEnd(): Promise<Frame[]> {
    await this.#until(() => this.closed);
    return this.frames;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #drained(resolve: () => void): void {
    const done = () => {
      this.socket.removeListener('drain', done);
      this.socket.removeListener('close', done);
      resolve();
    };
    this.socket.on('drain', done);
    this.socket.on('close', done);
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      if (this.closed) throw new Error('The server closed the connection during the handshake');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    if (this.head === '') {
      const all = Buffer.concat(this.#chunks);
      const end = all.indexOf('\r\n\r\n');
      if (end === -1) return;
      this.head = all.subarray(0, end).toString('latin1');
      this.#chunks = [all.subarray(end + 4)];
    }
    this.#parse();
    this.#wake?.();
  }

  #parse(): void {
    const length = this.#rest.length + this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (length < this.#needed()) return;
    this.#rest = Buffer.concat([this.#rest, ...this.#chunks]);
    this.#chunks = [];
    while (this.#rest.length >= 2 && this.#rest.length >= this.#needed()) {
      const [start, size] = this.#extent();
      const first = this.#rest[0] as number;
      this.frames.push({
        fin: (first & 0x80) !== 0,
        rsv: (first >> 4) & 7,
        opcode: first & 15,
        payload: this.#rest.subarray(start, start + size),
      });
      this.#rest = this.#rest.subarray(start + size);
    }
  }

  /** How many bytes have to be there to go on. */
  #needed(): number {
    if (this.#rest.length < 2) return 2;
    const [start, size] = this.#extent();
    return start + size;
  }

  /** Where the payload of the frame in `#rest` begins, and how long it is; where the length is not all there, 0. */
  #extent(): [start: number, size: number] {
    const short = (this.#rest[1] as number) & 0x7f;
    if (short < 126) return [2, short];
    if (short === 126) return [4, this.#rest.length < 4 ? 0 : this.#rest.readUInt16BE(2)];
    return [10, this.#rest.length < 10 ? 0 : this.#rest.readUIntBE(4, 6)];
  }
}
