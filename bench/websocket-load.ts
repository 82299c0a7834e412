/** Load over WebSocket: connections that keep a number of messages in flight. */
import { connect, type Socket } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { BROWSER } from './http-load.js';

export interface WebSocketLoad {
  path: string;
  /** Bytes of a message. */
  size: number;
  /** Text is decoded and encoded again by an application that receives strings; binary messages are passed on. */
  text?: boolean;
  /** As a browser offers it: messages come compressed, and may be answered so. One in flight. */
  deflate?: boolean;
  inFlight: number;
  connections: number;
  /** Milliseconds. */
  time: number;
}

/** @returns how many echoes came back. The client is bare, so that the server is what is measured. */
export async function webSocketLoad(port: number, load: WebSocketLoad): Promise<number> {
  const clients = await Promise.all(Array.from({ length: load.connections }, () => Echoes.open(port, load)));
  for (const client of clients) client.send(load.inFlight);
  await new Promise((resolve) => setTimeout(resolve, load.time));
  return clients.reduce((total, client) => total + client.close(), 0);
}

/** A connection that answers each echo with the next message; all messages are alike, so bytes tell their number. */
class Echoes {
  readonly #socket: Socket;
  readonly #frame: Buffer;
  readonly #echoSize: number;
  readonly #deflate: boolean;
  #received = 0;
  #echoes = 0;

  private constructor(socket: Socket, load: WebSocketLoad) {
    this.#socket = socket;
    this.#deflate = load.deflate === true;
    const payload = Buffer.alloc(load.size, 'm');
    this.#frame = this.#deflate
      ? deflatedFrame(payload)
      : clientFrame(load.text === true ? 0x81 : 0x82, payload);
    // The server's frames have no mask, of four bytes.
    this.#echoSize = this.#frame.length - 4;
    socket.on('data', (data) => this.#take(data.length));
  }

  static open(port: number, load: WebSocketLoad): Promise<Echoes> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('data', () => resolve(new Echoes(socket, load)));
      socket.write(handshake(port, load.path, load.deflate === true ? [OFFER] : []));
    });
  }

  send(count: number): void {
    this.#socket.write(
      count === 1 ? this.#frame : Buffer.concat(Array.from({ length: count }, () => this.#frame)),
    );
  }

  close(): number {
    this.#socket.removeAllListeners('data');
    this.#socket.destroy();
    return this.#echoes;
  }

  #take(bytes: number): void {
    this.#received += bytes;
    // How small it is compressed is for the server to choose: one comes at a time.
    if (this.#deflate) this.#received = this.#echoSize;
    const complete = Math.floor(this.#received / this.#echoSize);
    if (complete === 0) return;
    this.#received -= complete * this.#echoSize;
    this.#echoes += complete;
    this.send(complete);
  }
}

/** As browsers have it. */
const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits';

/** A compressed text message that stands for itself (RFC 7692 section 7.2.1). */
function deflatedFrame(payload: Buffer): Buffer {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return clientFrame(0xc1, deflated.subarray(0, -4));
}

/** A whole message as a client sends it (RFC 6455 section 5.2), under a mask of zeros. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const mask = Buffer.alloc(4);
  if (size < 126) return Buffer.concat([Buffer.from([opcode, 0x80 | size]), mask, payload]);
  const head = size < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = opcode;
  if (size < 65_536) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = 0x80 | 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, mask, payload]);
}

/** A connection with the headers of a browser that has had one message echoed, and is idle then. */
export function spoken(port: number, path: string, deflate = false): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('data', () => {
      socket.once('data', () => resolve(socket));
      const payload = Buffer.alloc(60, 'm');
      socket.write(deflate ? deflatedFrame(payload) : clientFrame(0x81, payload));
    });
    socket.write(handshake(port, path, deflate ? [...BROWSER, OFFER] : BROWSER));
  });
}

export function handshake(port: number, path: string, more: readonly string[] = []): string {
  const head = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ];
  return `${head.join('\r\n')}\r\n\r\n`;
}
