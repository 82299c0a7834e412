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

/** Nothing waits. Never added to. */
const NONE: never[] = [];

/** More milliseconds than this a timer of Node takes for none. */
const LONGEST = 2 ** 31 - 1;

export class Inbox {
  readonly #socket: Pick<WsSocket, 'pause' | 'resume'>;
  readonly #inflating: Inflating | undefined;
  /** An array that once was filled keeps its room: an idle socket has none. */
  #messages: Message[] = NONE;
  /** The first call that waits, and all after it. */
  #receiver: Receiver | undefined;
  #receivers: Receiver[] = NONE;
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
    return !this.#used || this.#receiver !== undefined;
  }

  /** What the socket had parsed before it stopped still comes, and is kept. */
  put(message: Message): void {
    this.#used = true;
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      this.#receiver = this.#receivers.shift();
      this.skip();
      receiver(message);
      return;
    }
    if (this.#messages === NONE) this.#messages = [];
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
    if (this.#messages.length === 0) this.#messages = NONE;
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
    RECEIVE.checkPending(this.#receivers.length + (this.#receiver === undefined ? 0 : 1));
    return new Promise((resolve, reject) => {
      if (timeout > LONGEST) {
        this.#await(resolve);
        return;
      }
      const receiver = (message: Message | null) => {
        clearTimeout(timer);
        resolve(message);
      };
      const timer = setTimeout(() => {
        if (this.#receiver === receiver) this.#receiver = this.#receivers.shift();
        else this.#receivers.splice(this.#receivers.indexOf(receiver), 1);
        reject(new ReceiveTimeout(timeout / 1000));
      }, timeout);
      this.#await(receiver);
    });
  }

  #await(receiver: Receiver): void {
    if (this.#receiver === undefined) this.#receiver = receiver;
    else {
      if (this.#receivers === NONE) this.#receivers = [];
      this.#receivers.push(receiver);
    }
  }

  /** No message will come: calls that wait get null. True if there was one. */
  end(): boolean {
    const first = this.#receiver;
    if (first === undefined) return false;
    const others = this.#receivers;
    this.#receiver = undefined;
    this.#receivers = NONE;
    first(null);
    for (const receiver of others) receiver(null);
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
