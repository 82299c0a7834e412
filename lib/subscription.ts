/** `publish` and `subscribe`: topics for any code, in whatever thread of the server it runs. */
import { inspect } from 'node:util';
import { RequestScope, type Wait } from './current-request.js';
import { ApplicationError, SlowSubscriber } from './errors.js';
import { withBlockingSleep } from './sleep.js';
import {
  checkPublication,
  checkTopic,
  costOfMessage,
  type Member,
  type Publication,
  type TopicMessage,
  topics,
} from './topics.js';

/** As option `maxBacklog`, outside of a request. */
const DEFAULT_MAX_BACKLOG = 16 * 1024 * 1024;

export interface SubscribeOptions {
  /** Ends the subscription, and the loop over it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The messages of a topic, from the call of `subscribe()` on: text as a string, bytes as a Buffer. On the event loop it is
 * iterated with `for await`, in a worker thread with `for`.
 */
export interface Subscription extends AsyncIterable<string | Buffer>, Iterable<string | Buffer> {
  /** Ends it, and every loop over it, as `break` does in a loop. */
  close(): void;
}

/** What `publish` and `subscribe` do here. */
export interface TopicsHere {
  publish(topic: string, message: TopicMessage): void | Promise<void>;
  subscribe(topic: string, signal: AbortSignal | undefined): Subscription;
}

type Step = IteratorResult<string | Buffer, undefined>;

const DONE: Step = { done: true, value: undefined };

/** Messages that wait to be taken, and those who wait for messages; bounded by the `maxBacklog` of the request's server. */
export class MessageQueue implements Member, Wait {
  readonly #topic: string;
  readonly #most: number;
  readonly #scopes: Set<RequestScope>;
  #messages: (string | Buffer)[] = [];
  /** How many of these were taken. */
  #taken = 0;
  #cost = 0;
  readonly #takers: { resolve(step: Step): void; reject(error: Error): void }[] = [];
  #failure: SlowSubscriber | undefined;
  /** Nothing more comes. */
  closed = false;
  /** Called whenever there is something to take, or it was closed. */
  onChange: (() => void) | undefined;

  /** Subscribed from now on. @param scopes requests with which it ends: with the last of them. */
  constructor(topic: string, scopes: readonly RequestScope[]) {
    this.#topic = topic;
    this.#most = scopes[0]?.server?.options.maxBacklog ?? DEFAULT_MAX_BACKLOG;
    this.#scopes = new Set(scopes);
    topics.join(topic, this);
    for (const scope of scopes) scope.add(this);
  }

  get isWaiting(): boolean {
    return this.#takers.length > 0;
  }

  onPublication({ message }: Publication): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ done: false, value: message });
      return;
    }
    if (this.#cost > this.#most) {
      this.#fail(`more than ${this.#most} bytes (max-backlog) wait to be taken`);
      return;
    }
    this.#messages.push(message);
    this.#cost += costOfMessage(message.length);
    this.onChange?.();
  }

  onMissed(): void {
    this.#fail('messages were lost between processes');
  }

  #fail(why: string): void {
    const failure = new SlowSubscriber(`subscribe(${inspect(this.#topic)}) was ended: ${why}`);
    const first = this.#takers.shift();
    // Before it is closed, which tells of it.
    if (first === undefined) this.#failure = failure;
    else first.reject(failure);
    this.close();
  }

  /** @throws SlowSubscriber, once, if it was ended because more waited than may. */
  take(): string | Buffer | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    const message = this.#messages[this.#taken];
    if (message === undefined) return undefined;
    this.#cost -= costOfMessage(message.length);
    if (++this.#taken === this.#messages.length) {
      this.#messages = [];
      this.#taken = 0;
    }
    return message;
  }

  next(): Promise<Step> {
    try {
      const value = this.take();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.closed) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  /** Nothing more comes, and what is here is dropped. */
  close(): void {
    this.#messages = [];
    this.#taken = 0;
    if (this.closed) return;
    this.closed = true;
    topics.leave(this.#topic, this);
    for (const scope of this.#scopes) scope.delete(this);
    for (const { resolve } of this.#takers.splice(0)) resolve(DONE);
    this.onChange?.();
  }

  left(scope: RequestScope): void {
    if (this.#scopes.delete(scope) && this.#scopes.size === 0) this.close();
  }
}

/** On the event loop. */
class AsyncSubscription implements Subscription {
  readonly #queue: MessageQueue;
  readonly #signal: AbortSignal | undefined;

  constructor(topic: string, signal: AbortSignal | undefined) {
    this.#queue = new MessageQueue(topic, RequestScope.ofCaller());
    this.#signal = signal;
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', this.close);
  }

  [Symbol.asyncIterator](): AsyncIterator<string | Buffer, undefined> {
    return {
      next: () => this.#queue.next(),
      return: () => {
        this.close();
        return Promise.resolve(DONE);
      },
    };
  }

  [Symbol.iterator](): never {
    throw new ApplicationError(
      'subscribe() cannot block the event loop: write `for await`, or let handlers block as in Python: run(app, { threads: 8 })',
    );
  }

  readonly close = (): void => {
    this.#signal?.removeEventListener('abort', this.close);
    this.#queue.close();
  };
}

let here: TopicsHere = {
  publish: (topic, message) => topics.publish(topic, message),
  subscribe: (topic, signal) => new AsyncSubscription(topic, signal),
};

/** @internal From now on `publish` and `subscribe` go this way: this is a thread for handlers that block. */
export function setTopicsHere(topicsHere: TopicsHere): void {
  here = topicsHere;
}

/** @internal While `work` runs, which is an application that blocks: `sleep` blocks, and nobody can publish while it waits. */
export function withBlockingCalls<T>(work: () => T): T {
  const before = here;
  here = { ...here, subscribe: (topic) => new AloneSubscription(topic) };
  try {
    return withBlockingSleep(work);
  } finally {
    here = before;
  }
}

/** Of an application that blocks the only thread: it gets what it has published itself. */
class AloneSubscription implements Subscription {
  readonly #queue: MessageQueue;

  constructor(topic: string) {
    this.#queue = new MessageQueue(topic, RequestScope.ofCaller());
  }

  *[Symbol.iterator](): Generator<string | Buffer, undefined> {
    try {
      for (;;) {
        const message = this.#queue.take();
        if (message !== undefined) yield message;
        else if (this.#queue.closed) return;
        else {
          throw new ApplicationError(
            'subscribe() would wait for ever: while this application blocks, nothing else can publish',
          );
        }
      }
    } finally {
      this.close();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, undefined> {
    yield* this[Symbol.iterator]();
  }

  close(): void {
    this.#queue.close();
  }
}

/**
 * Sends `message` to all members of `topic`: WebSockets that have subscribed to it, and loops over `subscribe(topic)`, in
 * whatever thread, process or server of the application they are. From any code, whether it serves a request or not.
 * Bytes are copied.
 * @param topic 1 to 1024 characters, without a trailing `*`.
 * @param message text goes out as a text frame, bytes as a binary one.
 * @returns on the event loop a promise if much was published in this turn: await it before the next message, and sockets
 *   have time to send. In a worker thread nothing: it blocks for as long.
 * @throws TypeError for another topic or message.
 */
export function publish(topic: string, message: TopicMessage): void | Promise<void> {
  checkPublication(topic, message);
  return here.publish(topic, message);
}

/**
 * The messages that are published on `topic` from now on, for Server-Sent Events and long polling. On the event loop
 * `for await (const message of subscribe('news'))`; in a worker thread `for (…)`, which blocks. Leaving the loop ends the
 * subscription. So do the end of the request in which it was made, its client's leaving, a stop of the server, and
 * `signal`: the loop then ends without an error. Waiting is not silence: `timeout` does not run meanwhile.
 * @param topic 1 to 1024 characters; with a trailing `*`, all topics that begin with what is before it.
 * @throws TypeError for another topic. In the loop: SlowSubscriber, when more than `maxBacklog` bytes wait to be taken.
 */
export function subscribe(topic: string, { signal }: SubscribeOptions = {}): Subscription {
  checkTopic(topic);
  return here.subscribe(topic, signal);
}
