/**
 * Topics over Redis' PUBLISH and SUBSCRIBE (https://redis.io/docs/latest/develop/pubsub/). Without a connection, topics stay
 * within this server, and it is tried again:
 *
 *   connecting -> connected     subscribes to all topics that have members now
 *   connecting -> waiting       the first time it is logged; then the next attempt, later each time
 *   connected  -> waiting       logged; what is published now is dropped
 *   waiting    -> connecting
 */
import { inspect } from 'node:util';
import type { Channels, ChannelsState, TopicMessage } from '../../topics.js';
import type { ChannelsOptions } from './backend.js';
import type { CreateRedisClient } from './redis-client.js';
import { type RedisCommand, RedisLink, type RedisLinkEvents, type RedisTimes } from './redis-link.js';
import { describeRedisError } from './redis-names.js';
import type { RedisAddress } from './redis-url.js';

export const REDIS_TIMES: RedisTimes = { connect: 10_000, ping: 5000, close: 1000, retry: 10_000 };

const FIRST_RETRY_MS = 100;
/** Milliseconds that a connection has to last so that the next attempts are frequent again. */
const LASTING_MS = 5000;

export class RedisChannels implements Channels, RedisLinkEvents {
  /** Resolves after the first attempt to connect, whether it was one or not. */
  readonly tried: Promise<void>;
  readonly #create: CreateRedisClient;
  readonly #address: RedisAddress;
  readonly #options: Omit<ChannelsOptions, 'deliver'>;
  readonly #times: RedisTimes;
  /** Those that have members here. */
  readonly #topics = new Set<string>();
  /** What it connects with, or is connected by. */
  #link: RedisLink | undefined;
  #connected = false;
  /** When it connected, or lost that, as `performance.now` has it. */
  #since = 0;
  /** It was logged that there is no connection. */
  #gone = false;
  #attempts = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #lost = 0;
  #dropped = 0;
  /** The same before the connection was lost. */
  #droppedBefore = 0;
  /** What Redis refused, and was logged. */
  readonly #refused = new Set<RedisCommand>();

  constructor(
    create: CreateRedisClient,
    address: RedisAddress,
    options: Omit<ChannelsOptions, 'deliver'>,
    times: RedisTimes = REDIS_TIMES,
  ) {
    this.#create = create;
    this.#address = address;
    this.#options = options;
    this.#times = times;
    this.tried = this.#connect();
  }

  subscribe(topic: string): void {
    this.#topics.add(topic);
    this.#link?.subscriptions.update(topic);
  }

  unsubscribe(topic: string): void {
    this.#topics.delete(topic);
    this.#link?.subscriptions.update(topic);
  }

  publish(topic: string, message: TopicMessage): void {
    const link = this.#connected ? this.#link : undefined;
    if (!link?.publish(topic, this.#options.pack(topic, message))) this.#dropped++;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const link = this.#link;
    const connected = this.#connected;
    this.#link = undefined;
    this.#connected = false;
    if (connected) await link?.close();
    else link?.destroy();
    await this.tried;
  }

  state(): ChannelsState {
    return { connected: this.#connected, lost: this.#lost, dropped: this.#dropped };
  }

  // Events of the link

  message(frame: Buffer): void {
    this.#options.take(frame);
  }

  refused(command: RedisCommand, topic: string, error: unknown): void {
    if (command === 'PUBLISH') this.#dropped++;
    // Once: it is the same with the next topic, and with the next message.
    if (this.#refused.has(command)) return;
    this.#refused.add(command);
    const what = `${command} for the topic ${inspect(topic)}`;
    this.#options.log.error(`Redis at ${this.#address.name} refused ${what}: ${describeRedisError(error)}`);
  }

  unanswered(): void {
    this.#dropped++;
  }

  lost(error: unknown): void {
    if (performance.now() - this.#since > LASTING_MS) this.#attempts = 0;
    this.#connected = false;
    this.#lost++;
    this.#failed(error);
  }

  // The way to a connection

  async #connect(): Promise<void> {
    try {
      const link = new RedisLink(this.#create, this.#address, this.#topics, this.#times, this);
      this.#link = link;
      await link.connect();
    } catch (error) {
      this.#failed(error);
      return;
    }
    this.#succeeded();
  }

  #succeeded(): void {
    if (this.#closed) return;
    const { log } = this.#options;
    this.#connected = true;
    this.#refused.clear();
    if (this.#gone) {
      const seconds = Math.round((performance.now() - this.#since) / 1000);
      const dropped = this.#dropped - this.#droppedBefore;
      const lost =
        dropped === 0 ? '' : `, and ${dropped} message${dropped === 1 ? ' was' : 's were'} not carried`;
      log.info(
        `Redis at ${this.#address.name} is back after ${seconds} s: topics reach other servers again${lost}`,
      );
    } else log.debug(`Redis at ${this.#address.name} carries topics`);
    this.#gone = false;
    this.#since = performance.now();
  }

  #failed(error: unknown): void {
    this.#link = undefined;
    if (this.#closed) return;
    const { log } = this.#options;
    const { name } = this.#address;
    const why = describeRedisError(error);
    if (!this.#gone) {
      const what = this.#lost === 0 ? 'cannot be reached' : 'is gone';
      log.warning(`Redis at ${name} ${what} (${why}): topics stay within this server until it is back`);
      this.#gone = true;
      this.#since = performance.now();
      this.#droppedBefore = this.#dropped;
    } else log.debug(`Redis at ${name} cannot be reached (${why})`);
    const longest = Math.min(this.#times.retry, FIRST_RETRY_MS * 2 ** Math.min(this.#attempts++, 16));
    // Not all servers at once.
    const wait = longest * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#connect(), wait).unref();
  }
}
