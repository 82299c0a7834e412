/** Messages that arrived and wait to be received; makes the peer wait when they are too many. */

import type { Message } from '../../environ/websocket/link.js';
import { RECEIVE } from '../../environ/websocket/websocket.js';

/** Reading stops at so many waiting messages, or at so many bytes (characters, of text) of them; it goes on below half. */
export const MAX_MESSAGES = 128;
export const MAX_SIZE = 1024 * 1024;

/** What is asked of a socket; one of the `ws` package has it. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** Counts what inflated messages hold until they are received. */
export interface Inflating {
  /** Bytes that the message which comes now was inflated to; 0 if it was not compressed. */
  delivered(): number;
  received(bytes: number): void;
}

type Receiver = (message: Message | null) => void;

export class Inbox {
  readonly #socket: Pausable;
  readonly #inflating: Inflating | undefined;
  /** For each message, where they are counted. */
  readonly #inflated: number[] = [];
  readonly #messages: Message[] = [];
  readonly #receivers: Receiver[] = [];
  #size = 0;
  #paused = false;
  #used = false;

  constructor(socket: Pausable, inflating?: Inflating) {
    this.#socket = socket;
    this.#inflating = inflating;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** All that came was received, and who received it came back for more. */
  get isIdle(): boolean {
    return !this.#used || this.#receivers.length > 0;
  }

  /** What the socket had parsed before it stopped still comes, and is kept. */
  put(message: Message): void {
    this.#used = true;
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) {
      this.pass();
      receiver(message);
      return;
    }
    this.#messages.push(message);
    if (this.#inflating !== undefined) this.#inflated.push(this.#inflating.delivered());
    this.#size += message.length;
    if (!this.#paused && (this.#messages.length >= MAX_MESSAGES || this.#size >= MAX_SIZE)) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  take(): Message | undefined {
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.#size -= message.length;
    if (this.#inflating !== undefined) this.#inflating.received(this.#inflated.shift() ?? 0);
    if (this.#paused && this.#messages.length < MAX_MESSAGES / 2 && this.#size < MAX_SIZE / 2) this.#resume();
    return message;
  }

  /** The next message; only when there is none to take. */
  wait(): Promise<Message | null> {
    RECEIVE.checkPending(this.#receivers.length);
    return new Promise((receiver) => {
      this.#receivers.push(receiver);
    });
  }

  /** No message will come: those who wait get null. True if there was one. */
  end(): boolean {
    if (this.#receivers.length === 0) return false;
    for (const receiver of this.#receivers.splice(0)) receiver(null);
    return true;
  }

  /** Forgets what was not received, and lets the socket read on: a close frame may be behind it. */
  drop(): void {
    this.#messages.length = 0;
    for (const bytes of this.#inflated.splice(0)) this.#inflating?.received(bytes);
    this.#size = 0;
    if (this.#paused) this.#resume();
  }

  /** A message came that is not kept here. */
  pass(): void {
    this.#inflating?.received(this.#inflating.delivered());
  }

  #resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }
}
