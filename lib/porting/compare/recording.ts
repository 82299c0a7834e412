/** An archive, read once and put in the order in which its requests were sent; then it can be replayed again and again. */
import type { Exchange } from '../exchange.js';
import { Clients, type Sender } from './follow/clients.js';
import { Wanted } from './follow/follower.js';
import { Spool } from './replay/spool.js';

/** An exchange that is to be replayed. */
export interface Planned extends Sender {
  /** Its place in the order in which requests were sent, from 0. */
  readonly index: number;
  /** Its place in the archive, from 1. */
  readonly number: number;
  readonly exchange: Exchange;
  /** When the next request came, in milliseconds since 1970; undefined after the last one, and if the archive has no times. */
  readonly next?: number | undefined;
}

export class Recording {
  /** What requests contain, and so what is looked for in answers. */
  readonly wanted = new Wanted();
  /** False if it has no cookie at all, as an export of a browser: then nothing can be said of those of answers. */
  readonly hasCookies: boolean;
  readonly #spool: Spool<Exchange>;
  /** Numbers in the spool, in the order in which the requests were sent. */
  readonly #order: readonly number[];
  /** When each request came, in that order. */
  readonly #starts: readonly number[];
  #senders: Sender[] = [];

  private constructor(
    spool: Spool<Exchange>,
    order: readonly number[],
    starts: readonly number[],
    hasCookies: boolean,
  ) {
    this.#spool = spool;
    this.#order = order;
    this.#starts = order.map((number) => starts[number] ?? 0);
    this.hasCookies = hasCookies;
  }

  /** @throws what reading the archive throws, or the reason of `signal`. */
  static async read(exchanges: AsyncIterable<Exchange>, signal?: AbortSignal): Promise<Recording> {
    const spool = new Spool<Exchange>();
    try {
      const starts: number[] = [];
      let sendsCookies = false;
      let setsCookies = false;
      for await (const exchange of exchanges) {
        signal?.throwIfAborted();
        const { request, answer, started } = exchange;
        sendsCookies ||= request.fields.some(([name]) => name.toLowerCase() === 'cookie');
        setsCookies ||= answer?.fields.some(([name]) => name.toLowerCase() === 'set-cookie') ?? false;
        // Those of a list come in its order: each begins when the one before it did.
        starts.push(started?.getTime() ?? starts.at(-1) ?? 0);
        spool.put({
          ...exchange,
          request: { ...request, body: await spool.keep(request.body) },
          ...(answer === undefined ? {} : { answer: { ...answer, body: await spool.keep(answer.body) } }),
        });
      }
      // An archive has exchanges in the order in which they ended. The sort is stable.
      const order = starts.map((_, index) => index).sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
      const recording = new Recording(spool, order, starts, sendsCookies || setsCookies);
      await recording.#study(new Clients(!sendsCookies));
      return recording;
    } catch (error) {
      spool.close();
      throw error;
    }
  }

  get length(): number {
    return this.#order.length;
  }

  /** All, in the order in which they were sent. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Planned, void, undefined> {
    for (const [index, number] of this.#order.entries()) {
      const { client = 0, set = [] } = this.#senders[index] ?? {};
      const next = this.#starts[index + 1];
      yield { index, number: number + 1, exchange: await this.#spool.get(number), client, set, next };
    }
  }

  close(): void {
    this.#spool.close();
  }

  async #study(clients: Clients): Promise<void> {
    const senders: Sender[] = [];
    for await (const { exchange } of this) {
      senders.push(clients.next(exchange));
      await this.wanted.collect(exchange.request);
      for (const { from, data } of exchange.conversation?.messages ?? []) {
        if (from === 'client' && typeof data === 'string') this.wanted.collectText(data);
      }
    }
    this.#senders = senders;
  }
}
