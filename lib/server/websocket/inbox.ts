/** Messages that arrived and wait to be received; makes the peer wait when they are too many. */

import type { WebSocket as WsSocket } from 'ws';
import type { Message } from '../../environ/types.js';
import { ReceiveTimeout } from '../../environ/websocket/error.js';
import { RECEIVE } from '../../environ/websocket/websocket.js';

/** Reading stops when this many messages wait, or this many bytes (of text: characters); it goes on below half of it. */
const MAX_MESSAGES = 128;
const MAX_SIZE = 1024 * 1024;

/** Counts what inflated messages hold until they are received: each message is told once to both, in order. */
export interface Inflating {
  delivered(): void;
  received(): void;
}

type Receiver = (message: Message | null) => void;

/** More milliseconds than this a timer of Node takes for none. */
const LONGEST = 2 ** 31 - 1;

export class Inbox {
  readonly #socket: Pick<WsSocket, 'pause' | 'resume'>;
  readonly #inflating: Inflating | undefined;
  readonly #messages: Message[] = [];
  readonly #receivers: Receiver[] = [];
  #size = 0;
  #paused = false;
  #used = false;

  constructor(socket: Pick<WsSocket, 'pause' | 'resume'>, inflating?: Inflating) {
    this.#socket = socket;
    this.#inflating = inflating;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** All that came was received, and the application waits for more. */
  get isIdle(): boolean {
    return !this.#used || this.#receivers.length > 0;
  }

  /** What the socket had parsed before it stopped still comes, and is kept. */
  put(message: Message): void {
    this.#used = true;
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) {
      this.skip();
      receiver(message);
      return;
    }
    this.#messages.push(message);
    this.#inflating?.delivered();
    this.#size += message.length;
    if (!this.#paused && (this.#messages.length >= MAX_MESSAGES || this.#size >= MAX_SIZE)) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  /** A message came that is not kept here. */
  skip(): void {
    this.#inflating?.delivered();
    this.#inflating?.received();
  }

  take(): Message | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.#size -= message.length;
    this.#inflating?.received();
    if (this.#messages.length < MAX_MESSAGES / 2 && this.#size < MAX_SIZE / 2) this.#resume();
    return message;
  }

  /**
   * The next message; only when there is none to take.
   * @param timeout milliseconds, after which it rejects with a ReceiveTimeout, and takes no message.
   */
  wait(timeout = Number.POSITIVE_INFINITY): Promise<Message | null> {
    RECEIVE.checkPending(this.#receivers.length);
    return new Promise((resolve, reject) => {
      if (timeout > LONGEST) {
        this.#receivers.push(resolve);
        return;
      }
      const receiver = (message: Message | null) => {
        clearTimeout(timer);
        resolve(message);
      };
      const timer = setTimeout(() => {
        this.#receivers.splice(this.#receivers.indexOf(receiver), 1);
        reject(new ReceiveTimeout(timeout / 1000));
      }, timeout);
      this.#receivers.push(receiver);
    });
  }

  /** No message will come: calls that wait get null. True if there was one. */
  end(): boolean {
    if (this.#receivers.length === 0) return false;
    for (const receiver of this.#receivers.splice(0)) receiver(null);
    return true;
  }

  /** Forgets what was not received, and lets the socket read on: a close frame may come after it. */
  drop(): void {
    for (const _ of this.#messages.splice(0)) this.#inflating?.received();
    this.#size = 0;
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }
}
