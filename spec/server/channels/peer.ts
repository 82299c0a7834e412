/** One of several servers in a spec: what it publishes and gets over a Redis, without the rest of a server. */
import { Logger } from '../../../lib/logger.js';
import { REDIS_TIMES, RedisChannels } from '../../../lib/server/channels/redis.js';
import { loadRedis } from '../../../lib/server/channels/redis-client.js';
import type { RedisTimes } from '../../../lib/server/channels/redis-link.js';
import { parseRedisUrl } from '../../../lib/server/channels/redis-url.js';
import { Wire } from '../../../lib/server/channels/wire.js';
import { until } from '../../support/until.js';

/** As a server has them, but that it is tried again sooner. */
const TIMES: RedisTimes = { ...REDIS_TIMES, retry: 100 };

const open = new Set<Peer>();

export class Peer {
  readonly channels: RedisChannels;
  /** What came, as `topic message`; bytes as hexadecimal digits. */
  readonly got: string[] = [];
  readonly #lines: string[] = [];
  readonly #wire = new Wire();

  private constructor(
    create: Awaited<ReturnType<typeof loadRedis>>,
    url: string,
    times: Partial<RedisTimes>,
  ) {
    const address = parseRedisUrl(url);
    if (typeof address !== 'object') throw new Error(`${url}: ${address}`);
    const log = new Logger('wsgi');
    log.setLevel('debug');
    log.stream = { write: (line: string) => this.#lines.push(line.trimEnd()) };
    const options = {
      pack: (topic: string, message: string | Uint8Array) => this.#wire.pack(topic, message),
      take: (frame: Uint8Array) => this.#take(frame),
      log,
    };
    this.channels = new RedisChannels(create, address, options, { ...TIMES, ...times });
    open.add(this);
  }

  /** Resolves after the first attempt to connect. */
  static async at(url: string, times: Partial<RedisTimes> = {}): Promise<Peer> {
    const peer = new Peer(await loadRedis(), url, times);
    await peer.channels.tried;
    return peer;
  }

  /** What was logged, without what is for debugging. */
  get logged(): string[] {
    return this.#lines.filter((line) => !line.startsWith('DEBUG'));
  }

  /** How many attempts to connect again have failed. */
  get failures(): number {
    return this.#lines.filter((line) => /^DEBUG.* cannot be reached/.test(line)).length;
  }

  get connected(): boolean {
    return this.channels.state().connected;
  }

  /** Resolves when this one hears on `topic`, which may be subscribed only now, what `from` publishes there. */
  async hears(from: Peer, topic: string, probe = topic): Promise<void> {
    const heard = () => this.got.includes(`${probe} probe`);
    await until(() => {
      if (!heard()) from.channels.publish(probe, 'probe');
      return heard();
    }, `hearing ${topic}`);
    // What else was sent meanwhile has come when this has.
    from.channels.publish(probe, 'probed');
    await until(() => this.got.includes(`${probe} probed`), `hearing ${topic}`);
    this.got.length = 0;
  }

  /** Waits for this message. */
  async gets(line: string): Promise<void> {
    await until(() => this.got.includes(line), `${line}, in ${JSON.stringify(this.got)},`);
  }

  async close(): Promise<void> {
    open.delete(this);
    await this.channels.close();
  }

  #take(frame: Uint8Array): void {
    const found = this.#wire.unpack(frame);
    if (found === undefined) return;
    const { topic, message } = found;
    this.got.push(`${topic} ${typeof message === 'string' ? message : Buffer.from(message).toString('hex')}`);
  }
}

/** For `afterEach`. */
export async function closePeers(): Promise<void> {
  await Promise.all([...open].map((peer) => peer.close()));
}
