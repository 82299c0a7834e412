/** `publish` and `subscribe` of Python (lib/python/py/wsgi_gateway/rooms.py), made here for the request that they come with. */
import { RequestScope } from '../current-request.js';
import type { Environ } from '../environ/types.js';
import { ApplicationError } from '../errors.js';
import { describeThrown, logger } from '../logger.js';
import { MessageQueue, publish } from '../subscription.js';
import { checkTopic } from '../topics.js';
import { pack } from './messages.js';
import { packMessage } from './socket-calls.js';

export type TopicCall =
  | readonly ['publish', topic: string, isText: boolean]
  | readonly ['subscribe', topic: string, timeout: number | null]
  | readonly ['next' | 'unsubscribe', subscription: number];

/** What is published by code of Python that serves no request: bytes are base64. */
export interface ToldPublication {
  readonly topic: string;
  readonly text?: string;
  readonly bytes?: string;
}

/** The longest that a timer of Node takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** Those of one request. */
export class TopicCalls {
  readonly #scope: RequestScope | undefined;
  readonly #followed = new Map<number, Followed>();
  #numbers = 0;
  #over = false;

  constructor(environ: Environ) {
    this.#scope = RequestScope.of(environ['wsgi.input']);
  }

  /** @returns the payload of the answer. Rejects with what Python is to raise. */
  async call(call: TopicCall, data: Buffer): Promise<Buffer> {
    switch (call[0]) {
      case 'publish':
        await publish(call[1], call[2] ? data.toString() : data);
        return pack(null);
      case 'subscribe':
        return pack(this.#subscribe(call[1], call[2]));
      case 'next':
        return packMessage((await this.#followed.get(call[1])?.next()) ?? null);
      case 'unsubscribe':
        this.#followed.get(call[1])?.close();
        this.#followed.delete(call[1]);
        return pack(null);
      default:
        throw new ApplicationError(`There is no ${String(call[0])}() for topics`);
    }
  }

  /** All subscriptions end: so does a wait for the next message. */
  end(): void {
    this.#over = true;
    for (const followed of this.#followed.values()) followed.close();
    this.#followed.clear();
  }

  #subscribe(topic: string, timeout: number | null): number {
    checkTopic(topic);
    const number = ++this.#numbers;
    const followed = new Followed(topic, this.#scope, timeout);
    if (this.#over) followed.close();
    else this.#followed.set(number, followed);
    return number;
  }
}

class Followed {
  readonly #queue: MessageQueue;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(topic: string, scope: RequestScope | undefined, timeout: number | null) {
    this.#queue = new MessageQueue(topic, scope === undefined ? [] : [scope]);
    if (timeout === null) return;
    this.#timer = setTimeout(() => this.close(), Math.min(timeout * 1000, LONGEST_MS));
  }

  async next(): Promise<string | Buffer | undefined> {
    return (await this.#queue.next()).value;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue.close();
  }
}

/** @returns a promise that settles when the next one may be published; undefined: at once. */
export function publishTold({ topic, text, bytes = '' }: ToldPublication): void | Promise<void> {
  try {
    return publish(topic, text ?? Buffer.from(bytes, 'base64'));
  } catch (error) {
    logger.error(`What Python published was refused\n${describeThrown(error)}`);
  }
}
