/**
 * The subscriptions of one connection to Redis. For each topic at most one command is under way: members that join and leave
 * a thousand times meanwhile cause one more, or none.
 */
import type { RedisClient, RedisListener } from './redis-client.js';
import { redisName } from './redis-names.js';

export class RedisSubscriptions {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #listener: RedisListener;
  /** What there is to be, at any time. */
  readonly #wanted: ReadonlySet<string>;
  readonly #onAnswer: () => void;
  readonly #onRefused: (topic: string, error: unknown) => void;
  #begun = false;
  /** What Redis has confirmed. */
  readonly #active = new Set<string>();
  /** What Redis is asked to change. */
  readonly #changing = new Map<string, Promise<void>>();

  /** @param onAnswer called with every answer. @param onRefused Redis does not let this user subscribe to the topic. */
  constructor(
    client: RedisClient,
    prefix: string,
    wanted: ReadonlySet<string>,
    listener: RedisListener,
    onAnswer: () => void,
    onRefused: (topic: string, error: unknown) => void,
  ) {
    this.#client = client;
    this.#prefix = prefix;
    this.#wanted = wanted;
    this.#listener = listener;
    this.#onAnswer = onAnswer;
    this.#onRefused = onRefused;
  }

  /** Resolves when Redis has confirmed all that were wanted, or refused them. */
  async begin(): Promise<void> {
    this.#begun = true;
    for (const topic of this.#wanted) this.update(topic);
    await Promise.all(this.#changing.values());
  }

  /** To be called when a topic is wanted, or not wanted any more. */
  update(topic: string): void {
    if (!this.#begun || this.#changing.has(topic)) return;
    const wanted = this.#wanted.has(topic);
    if (wanted === this.#active.has(topic)) return;
    const change = wanted ? this.#subscribe(topic) : this.#unsubscribe(topic);
    const changed = change.then(
      () => {
        this.#onAnswer();
        this.#changing.delete(topic);
        this.update(topic);
      },
      (error: unknown) => {
        this.#onAnswer();
        // Not tried again on this connection: the answer would be the same.
        this.#changing.delete(topic);
        if (wanted) this.#onRefused(topic, error);
      },
    );
    this.#changing.set(topic, changed);
  }

  async #subscribe(topic: string): Promise<void> {
    const { isPattern, name } = redisName(this.#prefix, topic);
    if (isPattern) await this.#client.pSubscribe(name, this.#listener, true);
    else await this.#client.subscribe(name, this.#listener, true);
    this.#active.add(topic);
  }

  async #unsubscribe(topic: string): Promise<void> {
    const { isPattern, name } = redisName(this.#prefix, topic);
    if (isPattern) await this.#client.pUnsubscribe(name, this.#listener, true);
    else await this.#client.unsubscribe(name, this.#listener, true);
    this.#active.delete(topic);
  }
}
