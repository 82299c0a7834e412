/** A backend at work: between it and the topics of this process, it counts, and keeps each from the failures of the other. */
import { inTime, isPromise } from '../../environ/maybe-promise.js';
import { describeThrown, logger } from '../../logger.js';
import { type Channels, checkPublication, type TopicLink, type TopicMessage, topics } from '../../topics.js';
import type { ChannelsStatus } from '../status/server-status.js';
import type { ChannelsOptions } from './backend.js';
import { Wire } from './wire.js';

/** One for the process: what one of its servers has published is its own for all of them. */
const PROCESS_WIRE = new Wire();

/** Milliseconds for a backend to close in. */
const CLOSE_MS = 5000;

export class Carrier implements TopicLink {
  /** What the backend is given. */
  readonly options: ChannelsOptions;
  readonly #wire = PROCESS_WIRE;
  #backend: Channels | undefined;
  #disconnect: () => void = () => {};
  #topics = 0;
  #published = 0;
  #received = 0;
  /** The calls that failed when they were last made: each is logged once until it works again. */
  readonly #failing = new Set<string>();
  #refusedFrame = false;

  constructor() {
    this.options = {
      deliver: (topic, message) => this.#deliver(topic, message),
      pack: (topic, message) => this.#wire.pack(topic, message),
      take: (packed) => this.#take(packed),
      log: logger,
    };
  }

  /** From now on topics are carried: first those that have members already. */
  start(backend: Channels): void {
    this.#backend = backend;
    this.#disconnect = topics.connect(this, true);
  }

  /** Resolves when the backend has closed, or has taken too long for that. */
  async close(): Promise<void> {
    this.#disconnect();
    const backend = this.#backend;
    this.#backend = undefined;
    const failed = (how: string) => logger.error(`What carries topics between servers: close() ${how}`);
    try {
      if (!(await inTime(Promise.resolve(backend?.close()), CLOSE_MS))) failed('did not end in time');
    } catch (error) {
      failed(`failed: ${describeThrown(error)}`);
    }
  }

  get status(): ChannelsStatus {
    const { connected = true, lost = 0, dropped = 0 } = this.#backend?.state?.() ?? {};
    const counted = { published: this.#published, received: this.#received, dropped, lost };
    return { connected: connected ? 1 : 0, topics: this.#topics, ...counted };
  }

  // What the topics of this process call

  subscribe(topic: string): void {
    this.#topics++;
    this.#call('subscribe', (backend) => backend.subscribe(topic));
  }

  unsubscribe(topic: string): void {
    this.#topics--;
    this.#call('unsubscribe', (backend) => backend.unsubscribe(topic));
  }

  publish(topic: string, message: TopicMessage): void {
    this.#published++;
    this.#call('publish', (backend) => backend.publish(topic, message));
  }

  /** A backend may be written with async functions. */
  #call(name: string, call: (backend: Channels) => unknown): void {
    if (this.#backend === undefined) return;
    try {
      const result = call(this.#backend);
      if (isPromise(result)) {
        result.then(
          () => this.#failing.delete(name),
          (error) => this.#failed(name, error),
        );
      } else this.#failing.delete(name);
    } catch (error) {
      this.#failed(name, error);
    }
  }

  #failed(name: string, error: unknown): void {
    if (this.#failing.has(name)) return;
    this.#failing.add(name);
    logger.thrown(`What carries topics between servers failed: ${name}()`, error);
  }

  // What the backend calls

  /** @throws TypeError for what is not a message. */
  #deliver(topic: string, message: TopicMessage): void {
    checkPublication(topic, message);
    if (this.#backend === undefined) return;
    this.#received++;
    topics.publish(topic, message, this);
  }

  #take(packed: Uint8Array): void {
    try {
      const found = this.#wire.unpack(packed);
      if (found !== undefined) this.#deliver(found.topic, found.message);
    } catch (error) {
      // Whatever sends it, sends more of it.
      if (this.#refusedFrame) return;
      this.#refusedFrame = true;
      const why = error instanceof Error ? error.message : String(error);
      logger.warning(`A message of another server was dropped, and so are more of its kind: ${why}`);
    }
  }
}
