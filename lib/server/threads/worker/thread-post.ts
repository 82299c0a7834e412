/** A thread's side of its line: sends frames, and waits for room and for answers. */

import { type MessagePort, receiveMessageOnPort, threadId } from 'node:worker_threads';
import type { BlockingSource } from '../../../environ/input/input.js';
import { textToNative } from '../../../environ/native-string.js';
import { ClientDisconnected } from '../../../errors.js';
import { tookMemory } from '../../http/freed-memory.js';
import { BLOCK_BYTES, type Blocks, NONE, RUN_BYTES } from '../shared/blocks.js';
import {
  decodeError,
  decodeRequest,
  FROM_THREAD,
  HAS_BODY,
  MORE,
  type RequestMessage,
  TO_THREAD,
  WHOLE_BODY,
} from '../shared/messages.js';
import type { QueuedRequest, RequestQueue } from '../shared/request-queue.js';
import { FRAME_LIMIT, Frame, TEXT_LIMIT } from '../shared/ring.js';
import { costOf, RUNS, type ThreadLine, WAITS_FOR_CLIENT } from '../shared/thread-line.js';

/** The memory that a thread shares. */
export interface ThreadChannel {
  readonly line: ThreadLine;
  readonly queue: RequestQueue;
  readonly blocks: Blocks;
  /** For request bodies, with their memory. */
  readonly bodies: MessagePort;
}

/** Bytes that a client may not have taken yet; with more, the handler waits for it. */
const WINDOW = 1024 * 1024;

/** As much of a body that comes in parts goes into one frame: one part is sent while the next one is made. */
const PIECE = RUN_BYTES / 2;

/** Fewer bytes go through the ring: to copy them costs less than to look for a block. */
const LARGE = 16 * 1024;

/** Of one request; the next one has its own. */
export class ThreadPost {
  readonly #channel: ThreadChannel;
  readonly #line: ThreadLine;
  readonly #queue: RequestQueue;
  readonly #id: number;
  readonly #frame = new Frame();
  /** The handler closed its WebSocket. */
  closed = false;
  #pulls = false;
  /** Bytes of the body. */
  #received = 0;
  /** Why the body cannot be read any further. */
  #failure: Error | undefined;

  constructor(channel: ThreadChannel, id: number) {
    this.#channel = channel;
    this.#line = channel.line;
    this.#queue = channel.queue;
    this.#id = id;
  }

  get isOfRequest(): boolean {
    return this.#id !== 0;
  }

  /** Nothing more goes to the client: it closed the connection, or the thread has finished with the request. */
  get over(): boolean {
    return this.#line.clientClosed || this.#line.current !== this.#id;
  }

  /** How the WebSocket ends, once that is known. */
  get ending(): Buffer | undefined {
    return this.#line.current === this.#id ? this.#line.ending : undefined;
  }

  get socketClosed(): boolean {
    return this.#line.socketClosed || this.#line.current !== this.#id;
  }

  /** The server stops: the handler gets no more messages. */
  get goingAway(): boolean {
    return this.#line.goingAway;
  }

  /** Tells the I/O thread that there is something to read. */
  notify(): void {
    this.#queue.bell.ring();
  }

  /** Writes a frame, and blocks while there is no room. The I/O thread drops what is for a client that has closed. */
  send(type: number, flags = 0, text = '', bytes?: Uint8Array): void {
    let rest = text;
    while (rest.length > TEXT_LIMIT) {
      this.#push(type, flags | MORE, rest.slice(0, TEXT_LIMIT));
      rest = rest.slice(TEXT_LIMIT);
    }
    this.#pushBytes(type, flags, rest, bytes);
  }

  /**
   * Sends a whole response with a body that fits into blocks, in one frame; waits before that until the client has taken
   * enough of what came before.
   * @returns false, and nothing is sent, if there are not enough blocks.
   */
  sendLarge(head: string, body: Uint8Array): boolean {
    if (body.length > RUN_BYTES || head.length > TEXT_LIMIT) return false;
    this.#waitForClient();
    const block = this.#channel.blocks.fill(threadId, body);
    if (block === NONE) return false;
    this.#line.charge(costOf(body.length));
    this.#push(FROM_THREAD.largeResponse, 0, head, body, block);
    return true;
  }

  /** Sends a part of a body, in pieces, and waits before each until the client has taken enough. */
  sendBody(type: number, flags: number, bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      this.#waitForClient();
      if (this.over) return;
      rest = rest.subarray(this.#sendPiece(type, flags, rest));
    }
  }

  /** Waits until the client has taken enough, and sends a message, in pieces: a part of one is of no use. */
  sendMessage(type: number, flags: number, bytes: Uint8Array, text = ''): void {
    this.#waitForClient();
    let rest = bytes;
    do rest = rest.subarray(this.#sendPiece(type, flags, rest, MORE, text));
    while (rest.length > 0);
  }

  /** Publishes a message, and blocks while the I/O thread has much to do with those before. @param flags OTHERS, or 0. */
  publish(topic: string, message: string | Uint8Array, flags = 0): void {
    const isText = typeof message === 'string';
    const bytes = isText ? Buffer.from(message) : message;
    const type = isText ? FROM_THREAD.publishText : FROM_THREAD.publishBinary;
    this.sendMessage(type, flags, bytes, textToNative(topic));
    this.notify();
  }

  /**
   * Sends as much as fits into one frame.
   * @param more flag of all pieces but the last.
   * @returns how much that was.
   */
  #sendPiece(type: number, flags: number, bytes: Uint8Array, more = 0, text = ''): number {
    const { blocks } = this.#channel;
    let piece = bytes.subarray(0, PIECE);
    let block = piece.length < LARGE ? NONE : blocks.fill(threadId, piece);
    if (block === NONE && piece.length > BLOCK_BYTES) {
      // A single one may be free.
      piece = bytes.subarray(0, BLOCK_BYTES);
      block = blocks.fill(threadId, piece);
    }
    if (block === NONE) piece = bytes.subarray(0, FRAME_LIMIT);
    this.#line.charge(costOf(piece.length));
    this.#push(type, piece.length < bytes.length ? flags | more : flags, text, piece, block);
    return piece.length;
  }

  /**
   * Blocks for the next frame to this request.
   * @param timeout milliseconds.
   * @returns undefined if none came in that time, or the request is over.
   */
  receive(timeout?: number): Frame | undefined {
    let found = this.poll();
    if (found !== undefined) return found;
    this.notify();
    const ready = () => {
      found = this.poll();
      return found !== undefined || this.over;
    };
    this.#line.block(WAITS_FOR_CLIENT, ready, timeout);
    return found;
  }

  /** The next frame to this request, if it is there already. */
  poll(): Frame | undefined {
    const { inbound } = this.#line;
    while (inbound.shift(this.#frame)) {
      if (this.#line.takeWantRoom()) this.notify();
      if (this.#frame.type === TO_THREAD.movedBody) this.#frame.bytes = this.#takeMoved();
      // The rest is of an earlier request, which did not read all that it was sent.
      if (this.#frame.id === this.#id) return this.#frame;
    }
    return undefined;
  }

  /** To be called for each frame of these, in their order, also those that are not for this request. */
  #takeMoved(): Buffer {
    tookMemory();
    return Buffer.from(receiveMessageOnPort(this.#channel.bodies)?.message as ArrayBuffer);
  }

  /** The request, once all of it is here; undefined if it is over before. */
  message({ text = this.#fetchHead() }: QueuedRequest): RequestMessage | undefined {
    return text === undefined ? undefined : decodeRequest(text);
  }

  /** The body of the request, if it has one. */
  body({ flags, text, body }: QueuedRequest): BlockingSource | undefined {
    if ((flags & HAS_BODY) !== 0) return { pull: (size) => this.#pull(size) };
    if ((flags & WHOLE_BODY) === 0) return undefined;
    // It came with the head; after it, where that was too long for the queue.
    let whole = text === undefined ? this.receive()?.bytes : body;
    return {
      pull() {
        const bytes = whole ?? null;
        whole = undefined;
        return bytes;
      },
    };
  }

  /** The request head that was too long for the queue; undefined if the request is over. */
  #fetchHead(): string | undefined {
    this.send(FROM_THREAD.fetchHead);
    let text = '';
    for (;;) {
      const frame = this.receive();
      if (frame === undefined) return undefined;
      text += frame.text;
      if ((frame.flags & MORE) === 0) return text;
    }
  }

  #pull(size = 1): Buffer | null {
    if (this.#failure !== undefined) throw this.#failure;
    this.#line.want(this.#received, size);
    if (!this.#pulls) this.send(FROM_THREAD.pull);
    this.#pulls = true;
    const frame = this.receive();
    if (frame?.type === TO_THREAD.bodyEnd) return null;
    if (frame !== undefined && frame.type !== TO_THREAD.error) {
      this.#received += frame.bytes.length;
      return frame.bytes;
    }
    // Nothing comes after it: a later read fails as well.
    this.#failure = frame === undefined ? new ClientDisconnected() : decodeError(frame.bytes);
    throw this.#failure;
  }

  /**
   * Blocks for a time.
   * @param timeout milliseconds.
   * @returns false if the client closed or ended the connection meanwhile.
   */
  pause(timeout: number): boolean {
    const line = this.#line;
    this.notify();
    // After its own close the handler goes on, as on the event loop.
    const isOver = this.closed ? () => line.current !== this.#id : () => this.#clientLeft;
    return !line.block(RUNS, isOver, timeout);
  }

  get #clientLeft(): boolean {
    return this.over || this.#line.clientEnded || this.#line.socketClosed;
  }

  /** The client has left, or the server stops: nothing is waited for on its behalf. */
  get waitsInVain(): boolean {
    return this.#clientLeft || this.#line.goingAway || this.#queue.stopping;
  }

  /** Blocks until `ready` returns true, or that is in vain. It waits for others, as it does for a client: that is not silence. */
  waitForOthers(ready: () => boolean): void {
    this.notify();
    this.#line.block(WAITS_FOR_CLIENT, () => ready() || this.waitsInVain);
  }

  /** Bytes that the connection of the WebSocket has to send: the I/O thread knows. */
  buffered(): number {
    const line = this.#line;
    if (this.over || this.socketClosed) return 0;
    line.forgetBuffered();
    this.send(FROM_THREAD.buffered);
    this.notify();
    line.block(RUNS, () => line.buffered !== undefined || this.over || this.socketClosed);
    return line.buffered ?? 0;
  }

  /** Blocks until the connection of the WebSocket is closed, both ways. */
  untilSocketClosed(): void {
    this.notify();
    this.#line.block(WAITS_FOR_CLIENT, () => this.over || this.socketClosed);
  }

  #waitForClient(): void {
    const line = this.#line;
    if (line.unsettled < WINDOW) return;
    this.notify();
    const ready = () => line.unsettled < WINDOW || this.over || this.socketClosed;
    line.block(WAITS_FOR_CLIENT, ready);
  }

  #pushBytes(type: number, flags: number, text: string, bytes: Uint8Array | undefined): void {
    const { blocks } = this.#channel;
    const isLarge = bytes !== undefined && bytes.length >= LARGE;
    this.#push(type, flags, text, bytes, isLarge ? blocks.fill(threadId, bytes) : NONE);
  }

  #push(type: number, flags: number, text: string, bytes?: Uint8Array, block = NONE): void {
    const push = () => this.#line.outbound.push(type, flags, this.#id, text, bytes, block);
    if (push()) return;
    this.notify();
    this.#line.blockForRoom(WAITS_FOR_CLIENT, push);
  }
}
