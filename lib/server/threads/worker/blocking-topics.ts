/** `publish` and `subscribe` in a thread: calls become frames to the I/O thread, and a loop blocks until it has sent a message. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { textToNative } from '../../../environ/native-string.js';
import type { Subscription, TopicsHere } from '../../../subscription.js';
import type { TopicMessage } from '../../../topics.js';
import { decodeError, FROM_THREAD, type TopicReport } from '../shared/messages.js';
import type { ThreadPost } from './thread-post.js';

type Message = string | Buffer;

export class BlockingTopics implements TopicsHere {
  readonly #port: MessagePort;
  /** Of the request that the thread has, or of none. */
  readonly #post: () => ThreadPost;
  readonly #open = new Map<number, BlockingSubscription>();
  #last = 0;

  constructor(port: MessagePort, post: () => ThreadPost) {
    this.#port = port;
    this.#post = post;
  }

  publish(topic: string, message: TopicMessage): void {
    this.#post().publish(topic, message);
  }

  subscribe(topic: string, signal: AbortSignal | undefined): Subscription {
    const post = this.#post();
    const number = ++this.#last;
    post.send(FROM_THREAD.follow, 0, `${number}\n${textToNative(topic)}`);
    post.notify();
    const subscription = new BlockingSubscription(this, number, post, signal);
    this.#open.set(number, subscription);
    return subscription;
  }

  /** The thread has finished with its request: what that followed has ended. */
  endRequest(): void {
    for (const subscription of this.#open.values()) if (subscription.isOfRequest) subscription.close();
  }

  /** Takes what the I/O thread has sent. */
  read(): void {
    for (let one = receiveMessageOnPort(this.#port); one; one = receiveMessageOnPort(this.#port)) {
      const report = one.message as TopicReport;
      this.#open.get(report.followed)?.receive(report);
    }
  }

  closed(number: number): void {
    this.#open.delete(number);
  }
}

class BlockingSubscription implements Subscription {
  readonly #topics: BlockingTopics;
  readonly #number: number;
  readonly #post: ThreadPost;
  readonly #signal: AbortSignal | undefined;
  #messages: Message[] = [];
  /** How many of these were taken. */
  #taken = 0;
  #asked = false;
  #closed = false;
  #failure: Error | undefined;

  constructor(topics: BlockingTopics, number: number, post: ThreadPost, signal: AbortSignal | undefined) {
    this.#topics = topics;
    this.#number = number;
    this.#post = post;
    this.#signal = signal;
  }

  get isOfRequest(): boolean {
    return this.#post.isOfRequest;
  }

  /** Blocks for the next message; undefined when no more will come. */
  #next(): Message | undefined {
    for (;;) {
      // This thread runs no listener of the signal while it blocks.
      if (this.#post.waitsInVain || this.#signal?.aborted) this.close();
      const message = this.#messages[this.#taken];
      if (message !== undefined) {
        this.#taken++;
        return message;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) return undefined;
      this.#wait();
    }
  }

  #wait(): void {
    if (!this.#asked) this.#send(FROM_THREAD.next);
    this.#asked = true;
    this.#post.waitForOthers(() => {
      this.#topics.read();
      return !this.#asked;
    });
  }

  /** What was asked for. */
  receive({ messages, end }: TopicReport): void {
    this.#asked = false;
    this.#taken = 0;
    this.#messages = messages.map((one) =>
      typeof one === 'string' ? one : Buffer.from(one.buffer, one.byteOffset, one.byteLength),
    );
    if (end === undefined) return;
    if (end.error !== undefined) this.#failure = decodeError(Buffer.from(end.error));
    this.#closed = true;
    this.#leave();
  }

  *[Symbol.iterator](): Generator<Message, void, undefined> {
    try {
      for (let message = this.#next(); message !== undefined; message = this.#next()) yield message;
    } finally {
      this.close();
    }
  }

  /** For handlers that are for both: it blocks as well. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    yield* this[Symbol.iterator]();
  }

  close(): void {
    this.#messages = [];
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
  }

  #leave(): void {
    this.#topics.closed(this.#number);
    this.#send(FROM_THREAD.unfollow);
  }

  #send(type: number): void {
    this.#post.send(type, 0, String(this.#number));
    this.#post.notify();
  }
}
