/**
 * Redis while it is connected: one connection that publishes, and one that subscribes, for RESP 2 lets no connection do both.
 * If one of them is lost, or does not answer, both are.
 */
import { ignore, inTime } from '../../environ/maybe-promise.js';
import { type CreateRedisClient, makeClient, type RedisClient, type RedisListener } from './redis-client.js';
import { RedisSubscriptions } from './redis-subscriptions.js';
import type { RedisAddress } from './redis-url.js';

/** Milliseconds. */
export interface RedisTimes {
  /** To connect in, and to show a password. */
  readonly connect: number;
  /** Between two questions whether Redis is still there; after two without any sign of it, it is gone. */
  readonly ping: number;
  /** For answers that are waited for when the server stops. */
  readonly close: number;
  /** The longest between two attempts to connect. */
  readonly retry: number;
}

export type RedisCommand = 'PUBLISH' | 'SUBSCRIBE';

export interface RedisLinkEvents {
  message(frame: Buffer): void;
  /** Redis did not let this user publish or subscribe. */
  refused(command: RedisCommand, topic: string, error: unknown): void;
  /** A message was under way when the connection was lost: nobody knows whether it was carried. */
  unanswered(): void;
  /** Called once, when it had connected. */
  lost(error: unknown): void;
}

/** Bytes of messages that may wait for Redis to take them: it is too slow for what comes then. */
const MOST_WAITING = 64 * 1024 * 1024;
/** What a message takes beside its bytes, in the client. */
const OVERHEAD = 1024;

export class RedisLink {
  readonly subscriptions: RedisSubscriptions;
  readonly #publisher: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #prefix: string;
  readonly #times: RedisTimes;
  readonly #events: RedisLinkEvents;
  #waiting = 0;
  #open = true;
  #connected = false;
  #onFailed: (error: unknown) => void = ignore;
  #pulse: NodeJS.Timeout | undefined;
  /** Pings since the last sign of life, of each connection. */
  readonly #silent = new Map<RedisClient, number>();

  /** @param wanted the topics to subscribe to, at any time. */
  constructor(
    create: CreateRedisClient,
    address: RedisAddress,
    wanted: ReadonlySet<string>,
    times: RedisTimes,
    events: RedisLinkEvents,
  ) {
    this.#prefix = address.prefix;
    this.#times = times;
    this.#events = events;
    this.#publisher = makeClient(create, address, times.connect);
    this.#subscriber = makeClient(create, address, times.connect);
    for (const client of this.#clients) client.on('error', (error) => this.#lose(error));
    const alive = () => this.#silent.set(this.#subscriber, 0);
    const listener: RedisListener = (frame) => {
      alive();
      if (this.#open) this.#events.message(frame);
    };
    this.subscriptions = new RedisSubscriptions(
      this.#subscriber,
      address.prefix,
      wanted,
      listener,
      alive,
      (topic, error) => {
        if (this.#open) this.#events.refused('SUBSCRIBE', topic, error);
      },
    );
  }

  get #clients(): readonly RedisClient[] {
    return [this.#publisher, this.#subscriber];
  }

  /**
   * Resolves when everything is subscribed.
   * @throws whatever keeps it from being connected.
   */
  async connect(): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#onFailed = reject;
    });
    const late = () => this.#lose(new Error(`no answer within ${this.#times.connect / 1000} s`));
    const timer = setTimeout(late, this.#times.connect).unref();
    try {
      await Promise.race([this.#greet(), failed]);
      clearTimeout(timer);
      if (!this.#open) throw new Error('closed');
      this.#pulse = setInterval(() => this.#look(), this.#times.ping).unref();
      // Of many topics this may take a while.
      await Promise.race([this.subscriptions.begin(), failed]);
      if (!this.#open) throw new Error('closed');
    } catch (error) {
      clearTimeout(timer);
      if (this.#open) this.#end();
      throw error;
    }
    this.#connected = true;
  }

  async #greet(): Promise<void> {
    await Promise.all(
      this.#clients.map(async (client) => {
        await client.connect();
        await client.sendCommand(['PING']).catch(throwUnlessForbidden);
      }),
    );
  }

  /** @returns false if it was dropped: too much is waiting for Redis already. */
  publish(topic: string, frame: Buffer): boolean {
    const size = frame.length + OVERHEAD;
    if (this.#waiting > 0 && this.#waiting + size > MOST_WAITING) return false;
    this.#waiting += size;
    const done = () => {
      this.#waiting -= size;
      this.#silent.set(this.#publisher, 0);
    };
    this.#publisher.sendCommand(['PUBLISH', this.#prefix + topic, frame]).then(done, (error: unknown) => {
      done();
      if (this.#open) this.#events.refused('PUBLISH', topic, error);
      else this.#events.unanswered();
    });
    return true;
  }

  /** What was published gets its time to be sent. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await inTime(this.#publisher.sendCommand(['PING']).catch(ignore), this.#times.close);
    this.#end();
  }

  /** At once. */
  destroy(): void {
    this.#lose(new Error('closed'));
  }

  #look(): void {
    for (const client of this.#clients) {
      const silent = this.#silent.get(client) ?? 0;
      if (silent >= 2) {
        this.#lose(new Error('no answer'));
        return;
      }
      this.#silent.set(client, silent + 1);
      const alive = () => this.#silent.set(client, 0);
      // An error is an answer, too.
      client.sendCommand(['PING']).then(alive, alive);
    }
  }

  #lose(error: unknown): void {
    if (!this.#open) return;
    this.#end();
    if (this.#connected) this.#events.lost(error);
    else this.#onFailed(error);
  }

  #end(): void {
    this.#open = false;
    clearInterval(this.#pulse);
    for (const client of this.#clients) {
      try {
        client.destroy();
      } catch {
        // Version 5 of the client throws if it is closed already.
      }
    }
  }
}

/** A user may be allowed what is needed, and no PING. A password that is missing, or data that is being loaded, is an error. */
function throwUnlessForbidden(error: unknown): void {
  if (!(error instanceof Error && error.message.startsWith('NOPERM'))) throw error;
}
