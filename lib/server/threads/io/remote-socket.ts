/** The I/O thread's end of a WebSocket whose handler is in a thread: turns frames into calls, and messages into frames. */
import { nativeToText } from '../../../environ/native-string.js';
import type { Bytes, Message } from '../../../environ/types.js';
import { CLOSE_CODE } from '../../../environ/websocket/link.js';
import type { WebSocket } from '../../../environ/websocket/websocket.js';
import type { HandshakeRequest } from '../../websocket/handshake.js';
import { NONE } from '../shared/blocks.js';
import { COMPRESS, encodeError, FROM_THREAD, MORE, TO_THREAD } from '../shared/messages.js';
import { type Frame, inPieces } from '../shared/ring.js';
import type { EndingMessage } from '../worker/thread-socket.js';
import type { Outflow } from './outflow.js';
import type { PooledThread } from './pooled-thread.js';

export class RemoteSocket {
  readonly websocket: WebSocket;
  /** Of a message that comes in several frames. */
  #pieces: Frame[] = [];
  #receiving = false;
  /** How many messages the thread was sent, and how many it wants at least. */
  #delivered = 0;
  #wanted = 0;

  constructor(websocket: WebSocket) {
    this.websocket = websocket;
  }

  get handshake(): HandshakeRequest {
    const { version, origin, protocols } = this.websocket;
    return { version, origin, protocols };
  }

  #close(code: number, reason: Bytes): void {
    if (code === CLOSE_CODE.none) void this.websocket.closeWithoutCode();
    else void this.websocket.close(code, reason);
  }

  take(frame: Frame, thread: PooledThread, id: number, outflow: Outflow): void {
    switch (frame.type) {
      case FROM_THREAD.receive:
        this.#receive(thread, id, Number(frame.text));
        break;
      case FROM_THREAD.close:
        this.#close(Number(frame.text), frame.bytes);
        break;
      case FROM_THREAD.join:
        this.#join(nativeToText(frame.text), (frame.flags & COMPRESS) !== 0);
        break;
      case FROM_THREAD.leave:
        this.websocket.unsubscribe(nativeToText(frame.text));
        break;
      case FROM_THREAD.buffered:
        thread.line.tellBuffered(id, this.websocket.bufferedAmount);
        break;
      default:
        this.#send(frame, thread, id, outflow);
    }
  }

  #join(topic: string, compress: boolean): void {
    // It may have closed, which the thread will learn.
    if (this.websocket.closed) return;
    this.websocket.doCompress = compress;
    this.websocket.subscribe(topic);
  }

  /** @param given the subprotocol, empty for none, and the headers: name, value, name, value. */
  accept([protocol, ...flat]: readonly string[], thread: PooledThread, id: number): void {
    try {
      this.websocket.accept(protocol || undefined, pairsOf(flat));
      thread.post(TO_THREAD.accepted, 0, id, '');
    } catch (error) {
      thread.post(TO_THREAD.error, 0, id, '', encodeError(error));
    }
  }

  /**
   * Sends the next message, and all that came with it and for which there is room; the thread asks again when it has
   * none left.
   * @param had how many messages the thread had when it asked: it may have been sent more since. Infinity: it wants
   *   the end.
   */
  async #receive(thread: PooledThread, id: number, had: number): Promise<void> {
    this.#wanted = had + 1;
    if (this.#receiving) return;
    this.#receiving = true;
    const websocket = this.websocket;
    try {
      while (this.#delivered < this.#wanted || (websocket.pending && !thread.dropped)) {
        const message = await websocket.receive();
        if (message === null) {
          this.#end(thread, id);
          return;
        }
        this.#delivered++;
        post(thread, id, message);
        await thread.room();
      }
    } catch {
      this.#end(thread, id);
    } finally {
      this.#receiving = false;
    }
  }

  /** The thread finds it whenever it looks, also before it has received what came first. */
  tellEnding({ line }: PooledThread, id: number): void {
    line.tellEnding(id, this.#ending);
  }

  #end(thread: PooledThread, id: number): void {
    thread.post(TO_THREAD.ended, 0, id, '', this.#ending);
  }

  get #ending(): Buffer {
    const { closeCode, closeReason, error } = this.websocket;
    const ending: EndingMessage = {
      code: closeCode,
      reason: closeReason,
      error: error === undefined ? undefined : encodeError(error).toString(),
    };
    return Buffer.from(JSON.stringify(ending));
  }

  #send(frame: Frame, thread: PooledThread, id: number, outflow: Outflow): void {
    const { type, flags } = frame;
    outflow.hold(frame.block);
    outflow.add(frame.length, false);
    this.#pieces.push({ ...frame });
    if ((flags & MORE) !== 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    // `ws` keeps a message for as long as it needs it: a copy of what is in a block, which is used again.
    const isCopy = frame.block === NONE && pieces.length === 1;
    const message = isCopy ? frame.bytes : Buffer.concat(pieces.map(({ bytes }) => bytes));
    for (const { block } of pieces) outflow.free(block);
    const taken = () => {
      for (const { length } of pieces) outflow.taken(length);
    };
    const failed = () => {
      taken();
      thread.line.tellSocketClosed(id);
    };
    try {
      const sent =
        type === FROM_THREAD.ping
          ? this.websocket.ping(message)
          : this.websocket.send(message, type === FROM_THREAD.binary, (flags & COMPRESS) !== 0);
      if (sent === undefined) taken();
      else sent.then(taken, failed);
    } catch {
      failed();
    }
  }
}

function pairsOf(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}

function post(thread: PooledThread, id: number, message: Message): void {
  const isText = typeof message === 'string';
  const bytes = isText ? Buffer.from(message) : message;
  const type = isText ? TO_THREAD.text : TO_THREAD.binary;
  inPieces(bytes, (piece, more) => thread.post(type, more ? MORE : 0, id, '', piece));
}
